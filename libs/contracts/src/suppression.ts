import { z } from 'zod'
import { timeZone } from './feature/time-zone-schema.js'
import { weekSpans } from './week.js'

const bound = z.number().nullable()
const NOT_EMPTY = 'allowed: at least 1 character'

/**
 * A rule that hides alerts until it expires. An alert is hidden if it meets all conditions of the rule; its anomaly is stored
 * as usual.
 */
export const suppressionRuleSchema = z
  .strictObject({
    entity: z.string().min(1, NOT_EMPTY).nullable().default(null).describe("The alert's key; null: any"),
    field: z
      .string()
      .min(1, NOT_EMPTY)
      .nullable()
      .default(null)
      .describe('The field of the main reason, the first one; null: any'),
    direction: z
      .enum(['above', 'below'])
      .nullable()
      .default(null)
      .describe("Whether the field's number is above or below the expected one; null: either"),
    range: z
      .tuple([bound, bound])
      .nullable()
      .default(null)
      .describe("Least and largest of the field's number, both included; null in it: no bound. null: any number"),
    timeOfWeek: weekSpans
      .nullable()
      .default(null)
      .describe("When the event happened, by the record's own time, such as mon 06:00-09:00; null: any time"),
    zone: timeZone.default('UTC').describe('IANA time zone of timeOfWeek'),
    expiresAt: z.iso
      .datetime({ offset: true })
      .transform((text) => new Date(text))
      .describe('Anomalies that are detected from then on are alerted again'),
  })
  .superRefine(checkSuppressionRule)

export type SuppressionRule = z.infer<typeof suppressionRuleSchema>

/** Checks the keys of a rule against each other; also for schemas with additional keys. */
export function checkSuppressionRule(
  { entity, field, direction, range, timeOfWeek }: Omit<SuppressionRule, 'zone' | 'expiresAt'>,
  context: z.RefinementCtx,
): void {
  const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
  if (entity === null && field === null && timeOfWeek === null) {
    refuse('entity', 'a rule needs an entity, a field or a time of the week')
  }
  if (field === null && direction !== null) refuse('direction', 'a direction needs a field')
  if (field === null && range !== null) refuse('range', 'a range needs a field')
  const [least, largest] = range ?? [0, 0]
  if (least === null && largest === null) refuse('range', 'a range needs at least one bound')
  if (least !== null && largest !== null && least > largest) refuse('range', 'the lower bound must come first')
}
