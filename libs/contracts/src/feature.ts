import { z } from 'zod'

/** Where a value stands in the record: `$.delay`, `$.route.origin`, `$.legs[0].miles`. Keys may hold blanks; `__proto__` is none. */
export const fieldPath = z
  .string()
  .regex(
    /^\$(\.(?!__proto__(?:[.[]|$))[^.[\]]+|\[\d+\])+$/,
    'a path such as $.delay, $.route.origin or $.legs[0].miles',
  )

const common = {
  path: fieldPath.describe('Where the value stands in the record, such as $.route.origin'),
  name: z.string().min(1).optional().describe('What reasons and tables call the field; default: the path without "$."'),
  optional: z
    .boolean()
    .default(false)
    .describe('Whether a record may lack the field. null, "" and "NaN" are missing values and always welcome'),
}

export const featureSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('numeric') }),
  z.strictObject({ ...common, type: z.literal('categorical') }),
  z.strictObject({
    ...common,
    type: z.literal('cyclic'),
    period: z.enum(['hour', 'day', 'week', 'year']).describe('The cycle that the time is folded into, in UTC'),
  }),
])

export type Feature = z.infer<typeof featureSchema>

export function featureName(feature: Feature): string {
  return feature.name ?? feature.path.replace(/^\$\.?/, '')
}
