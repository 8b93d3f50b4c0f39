import { z } from 'zod'

/** Comparison of a shadow with the active model; in the report of its fit. */
export const shadowReportSchema = z
  .object({
    forMs: z.number(),
    /** Records that both scored. */
    scored: z.int(),
    anomalyShare: z.number(),
    activeAnomalyShare: z.number(),
    /** Share of the records on which their decisions differ. */
    disagreement: z.number(),
    /** Why it was not promoted; null if it was. */
    failure: z.string().nullable(),
  })
  .readonly()

export type ShadowReport = z.infer<typeof shadowReportSchema>

/** null if a candidate's scores were not finite; such a candidate does not pass. */
const measuredSchema = z.number().nullable()

/** Difference between the log-likelihoods of the same records under two densities. */
const gainSchema = z
  .object({
    /** Mean gain in log-likelihood per record, nats; negative if the candidate is worse. */
    mean: measuredSchema,
    /** Ends of the 95 % interval of that mean. */
    lower: measuredSchema,
    upper: measuredSchema,
    /** Records that were compared. */
    records: z.int(),
  })
  .readonly()

/** Result of the gate; stored as the model's metrics, and in the report of its fit. */
export const gateReportSchema = z
  .object({
    passed: z.boolean(),
    /** Why it did not pass, one sentence each. */
    failures: z.array(z.string()).readonly(),
    /** Number of held-out records that were scored. */
    checked: z.int(),
    /** What the candidate was compared with. */
    against: z.enum(['incumbent', 'independent fields']),
    /** The incumbent's id; null if it was compared with independent fields. */
    againstId: z.string().nullable(),
    /** Gain of the candidate over `against`, on the held-out records. */
    gain: gainSchema,
    /** Share of the held-out records that would be anomalies at the alert rate. */
    anomalyShare: z.number(),
    /** Number of held-out records that would be anomalies by both models and by only one; absent if there was no incumbent. */
    anomaliesBy: z
      .object({ incumbentId: z.string(), both: z.int(), candidate: z.int(), incumbent: z.int() })
      .readonly()
      .optional(),
    /** Share of them with a p-value of at most 0.5; 0.5 is expected. */
    lowerHalf: measuredSchema,
    /** Nats, on the held-out records. */
    medianNll: measuredSchema,
    /** 5 % and 95 % quantiles of the held-out records, nats. */
    nllRange: z.tuple([measuredSchema, measuredSchema]).readonly(),
    /** Time to score one record in a batch, µs, in the faster of two runs. */
    scoringMicros: z.number(),
  })
  .readonly()

export type GateReport = z.infer<typeof gateReportSchema>
