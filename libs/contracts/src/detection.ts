import { z } from 'zod'
import { perDay } from './units.js'

/** At most one of the first three; without any the rate is a thousandth. */
export const detectionSchema = z
  .strictObject({
    alertRate: z
      .number()
      .gt(0)
      .max(0.5)
      .optional()
      .describe('Share of normal records that may be anomalies. Default 0.001'),
    alertBudget: perDay
      .optional()
      .describe(
        'Instead of alertRate: number of false alerts per time at the record rate of the training window, such as 20/day',
      ),
    fdr: z
      .number()
      .gt(0)
      .max(0.5)
      .optional()
      .describe('Instead of alertRate: bound on the share of alerts that are false (LORD++, per partition)'),
    followWithin: z
      .number()
      .min(1)
      .max(1_000)
      .default(10)
      .describe('Largest factor by which p-values are recalibrated between fits; 1 disables recalibration'),
  })
  .superRefine(({ followWithin: _, ...forms }, context) => {
    const [first, second] = Object.entries(forms).flatMap(([key, value]) => (value === undefined ? [] : [key]))
    if (second === undefined) return
    const message = `allowed: one of alertRate, alertBudget and fdr; ${first} is given already`
    context.addIssue({ code: 'custom', path: [second], input: forms[second as keyof typeof forms], message })
  })
  .transform(({ alertRate = 0.001, ...others }) => ({ alertRate, ...others }))

export type Detection = z.infer<typeof detectionSchema>

/** What a record is held to. */
export type Held = Omit<Detection, 'followWithin'>

/** A budget that is turned into a rate stays within what a calibration set and a person can bear. */
const LEAST_RATE = 1e-9
const LARGEST_RATE = 0.1

/**
 * The share of normal records that may be flagged: `alertRate`, or what `alertBudget` comes to at the record rate that the
 * model's training window had, by Kafka's record time. It changes with the model and with nothing else, so that a crash or a
 * replay gives the same verdicts.
 *
 * @param recordsPerDay  of the model's window; where it is not known (a model fitted from a file) alertRate stands in
 */
export function alertRateOf({ alertRate, alertBudget }: Held, recordsPerDay: number | null | undefined): number {
  if (alertBudget === undefined || !recordsPerDay) return alertRate
  return Math.min(LARGEST_RATE, Math.max(LEAST_RATE, alertBudget / recordsPerDay))
}
