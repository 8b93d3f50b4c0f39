import { z } from 'zod'
import { fieldPath, formatPath, nameOfPath } from './path.js'
import { windowLength } from './units.js'
import { timeZone } from './zone.js'

const common = {
  path: fieldPath.describe('Where the value stands in the record, such as $.route.origin'),
  name: z.string().min(1).optional().describe('What reasons and tables call the field; default: the path without "$."'),
  optional: z
    .boolean()
    .default(false)
    .describe('Whether a record may lack the field. null, "" and "NaN" are missing values and always welcome'),
}

const windowFeature = z
  .strictObject({
    type: z.literal('window'),
    name: z
      .string()
      .regex(/^(?!__proto__$)[^.[\]$]+$/, 'a name without ".", "[", "]" and "$"')
      .describe('What reasons and tables call the feature'),
    aggregate: z
      .enum(['count', 'sum', 'mean', 'std', 'min', 'max', 'since_last', 'distinct', 'ratio_to_mean'])
      .describe(
        'count, sum and distinct of the window with this record; mean, std, min, max of what was before it; ratio_to_mean: ' +
          'its own number to that mean; since_last: seconds since the record before',
      ),
    of: fieldPath.optional().describe('What is aggregated; count and since_last take none'),
    over: windowLength.describe('How far back the window reaches by event time, 1m to 7d'),
    by: fieldPath
      .optional()
      .describe(
        "The entity, whose records must all be in one partition; default: source.key, else Kafka's message key",
      ),
    at: fieldPath.optional().describe("The event time; default: source.timestamp, else Kafka's timestamp"),
    scale: z.enum(['linear', 'log']).optional().describe('log for what spans several decades. Default: linear'),
  })
  .superRefine(({ aggregate, of }, context) => {
    const takesNone = aggregate === 'count' || aggregate === 'since_last'
    if (takesNone === (of === undefined)) return
    const message = takesNone
      ? `allowed: nothing; ${aggregate} looks at no field`
      : `allowed: the path of what ${aggregate} aggregates`
    context.addIssue({ code: 'custom', path: ['of'], input: of, message })
  })

export const featureSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('numeric'),
    scale: z
      .enum(['linear', 'log'])
      .optional()
      .describe('log for quantities over several decades, such as money; of either sign, and 0. Default: linear'),
  }),
  z.strictObject({ ...common, type: z.literal('categorical') }),
  z.strictObject({ ...common, type: z.literal('boolean') }),
  z.strictObject({ ...common, type: z.literal('text') }),
  z.strictObject({
    ...common,
    type: z.literal('cyclic'),
    period: z.enum(['hour', 'day', 'week', 'year']).describe('The cycle that the time is folded into'),
    zone: timeZone
      .optional()
      .describe('Whose clocks and calendar the cycle goes by, summer time included; default: UTC'),
  }),
  windowFeature,
])

export type Feature = z.infer<typeof featureSchema>

export function featureName(feature: Feature): string {
  if (feature.type === 'window') return feature.name
  return feature.name ?? nameOfPath(feature.path)
}

/** Where a feature's value stands in a record; a windowed one, which stands in none, is put under its name. */
export function featurePath(feature: Feature): string {
  return feature.type === 'window' ? formatPath([feature.name]) : feature.path
}
