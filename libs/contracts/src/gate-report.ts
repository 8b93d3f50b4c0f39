import { z } from 'zod'

/** How a shadow compared with the active model; in the report of its fit and in its metrics. */
export const shadowReportSchema = z
  .object({
    forMs: z.number(),
    /** Records that both scored. */
    scored: z.int(),
    anomalyShare: z.number(),
    activeAnomalyShare: z.number(),
    /** Share of the records that one of them flags and the other does not. */
    disagreement: z.number(),
    /** Why it was not promoted; null where it was. */
    failure: z.string().nullable(),
  })
  .readonly()

export type ShadowReport = z.infer<typeof shadowReportSchema>

/** null where a candidate's scores were not finite; such a candidate does not pass. */
const measuredSchema = z.number().nullable()

/** How much likelier one density makes the same records than another. */
const gainSchema = z
  .object({
    /** Mean log-likelihood gained a record, nats; below 0 the candidate is the worse. */
    mean: measuredSchema,
    /** Ends of the 95 % interval of that mean. */
    lower: measuredSchema,
    upper: measuredSchema,
    /** Records that were compared. */
    records: z.int(),
  })
  .readonly()

/** What the gate found; stored as the model's metrics, and in the report of its fit. */
export const gateReportSchema = z
  .object({
    passed: z.boolean(),
    /** Why not, one sentence each. */
    failures: z.array(z.string()).readonly(),
    /** Held-out records that were scored for it. */
    checked: z.int(),
    /** What the candidate was compared with. */
    against: z.enum(['incumbent', 'independent fields']),
    /** The incumbent's id; null where there was none to compare with. */
    againstId: z.string().nullable(),
    /** Of the candidate over that, on the held-out records. */
    gain: gainSchema,
    /** Share of the held-out records that would be anomalies at the alert rate. */
    anomalyShare: z.number(),
    /** Share of them whose p-value is at most a half; a half is due. */
    lowerHalf: measuredSchema,
    /** Nats, on the held-out records. */
    medianNll: measuredSchema,
    /** Nats; nine in ten held-out records lie between. */
    nllRange: z.tuple([measuredSchema, measuredSchema]).readonly(),
    /** Of one record in a batch, the faster of two runs. */
    scoringMicros: z.number(),
    /** Of a candidate that failed as a shadow. */
    shadow: shadowReportSchema.optional(),
  })
  .readonly()

export type GateReport = z.infer<typeof gateReportSchema>
