import { z } from 'zod'
import { windowLength } from '../config/units.js'
import { PARTITION } from './partition.js'
import { fieldPath } from './path-schema.js'
import { timeZone } from './time-zone-schema.js'

const common = {
  path: fieldPath.describe('Path of the value in the record, such as $.route.origin'),
  name: z.string().min(1).optional().describe('Name in reasons and tables. Default: the path without "$."'),
  optional: z
    .boolean()
    .default(false)
    .describe(
      'Whether a record may lack the field. null, "" and "NaN", in numbers and times also blanks and words such as NA, are missing values and always accepted',
    ),
}

const windowFeature = z
  .strictObject({
    type: z.literal('window'),
    name: z
      .string()
      .regex(/^(?!__proto__$)[^.[\]$]+$/, 'a name without ".", "[", "]" and "$"')
      .describe('Name in reasons and tables'),
    aggregate: z
      .enum(['count', 'sum', 'mean', 'std', 'min', 'max', 'since_last', 'distinct', 'ratio_to_mean'])
      .describe(
        'count, sum, distinct: of the window, including this record; mean, std, min, max: of earlier records; ' +
          'ratio_to_mean: the value divided by that mean; since_last: seconds since the record before',
      ),
    of: fieldPath.optional().describe('Path of the aggregated value; count and since_last take none'),
    over: windowLength.describe('Length of the window by event time, 1m to 7d'),
    by: z
      .string()
      .refine(
        (by) => by === PARTITION || fieldPath.safeParse(by).success,
        'allowed: partition, or a path such as $.account',
      )
      .optional()
      .describe(
        'Path of the entity, whose records must all be in one partition; partition: all records of a partition are one entity. ' +
          "Default: source.key, else Kafka's message key",
      ),
    at: fieldPath.optional().describe("Path of the event time. Default: source.timestamp, else Kafka's timestamp"),
    scale: z.enum(['linear', 'log']).optional().describe('log for skewed quantities. Default: linear'),
  })
  .superRefine(({ aggregate, of }, context) => {
    const takesNone = aggregate === 'count' || aggregate === 'since_last'
    if (takesNone === (of === undefined)) return
    const message = takesNone
      ? `allowed: nothing; ${aggregate} aggregates no field`
      : `allowed: the path of the value that ${aggregate} aggregates`
    context.addIssue({ code: 'custom', path: ['of'], input: of, message })
  })

export const featureSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('numeric'),
    scale: z
      .enum(['linear', 'log'])
      .optional()
      .describe(
        'log for skewed quantities, such as money, durations or ratios; of either sign, and 0. Default: linear',
      ),
  }),
  z.strictObject({ ...common, type: z.literal('categorical') }),
  z.strictObject({ ...common, type: z.literal('boolean') }),
  z.strictObject({ ...common, type: z.literal('text') }),
  z.strictObject({
    ...common,
    type: z.literal('cyclic'),
    period: z.enum(['hour', 'day', 'week', 'year']).describe('Cycle of the time'),
    zone: timeZone.optional().describe('IANA time zone of the cycle, with daylight saving. Default: UTC'),
  }),
  windowFeature,
])

export type Feature = z.infer<typeof featureSchema>
