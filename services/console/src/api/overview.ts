import { z } from 'zod'
import { anomalyFilterSchema } from './anomaly.js'
import { severitySchema, timeSchema } from './fields.js'
import { markSchema } from './pipelines.js'

export const overviewQuerySchema = anomalyFilterSchema.extend({
  /** Maximum number of time steps. */
  steps: z.coerce.number().int().min(8).max(120).default(60),
  /** true: counts the period of the same length before `from` as well. */
  compare: z.enum(['true', 'false']).default('false'),
})

const compared = {
  anomalies: z.int(),
  /** Anomalies in the period before; null: not requested, or the span has no start. */
  before: z.int().nullable(),
}

/** Steps without anomalies are left out; leastPValue is that of the least likely record. */
const cellsSchema = z.array(z.object({ at: timeSchema, anomalies: z.int(), leastPValue: z.number() }))

export const overviewSchema = z
  .object({
    /** Ends of the requested span; an open end is the record time of the first or last anomaly. */
    from: timeSchema,
    to: timeSchema,
    /** Newest first. */
    marks: z.array(markSchema).readonly(),
    /** Steps begin at multiples of their length since 1970. */
    stepSeconds: z.int(),
    anomalies: z.int(),
    /** Only those with p ≤ maxPValue are counted, the least likely of about `about`; null: all are counted. */
    leastLikelyOf: z.object({ maxPValue: z.number(), about: z.int() }).nullable(),
    before: z.int().nullable(),
    total: cellsSchema,
    /** field: the filter has one entity, or the records have no key. */
    lanesBy: z.enum(['entity', 'field']),
    /** Entities or fields whose anomalies together are the least likely; name null: without reasons so far. */
    lanes: z.array(z.object({ name: z.string().nullable(), ...compared, cells: cellsSchema })),
    /** By the field of the main reason, most anomalies first; name null: without reasons so far. */
    fields: z.array(z.object({ name: z.string().nullable(), ...compared })),
    severities: z.array(z.object({ name: severitySchema, ...compared })),
  })
  .meta({ id: 'Overview', description: 'Anomalies by time, entity, field and severity' })

export type Overview = z.infer<typeof overviewSchema>
