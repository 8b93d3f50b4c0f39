import { z } from 'zod'
import { perDay } from './units.js'

/** At most one of the first three keys is set; `alertRateOf` of the detector converts it to a rate for a model. */
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
    recalibrateWithin: z
      .number()
      .min(1)
      .max(1_000)
      .default(10)
      .describe('Largest factor by which p-values are recalibrated between fits; 1 disables recalibration'),
  })
  .superRefine(({ recalibrateWithin: _, ...forms }, context) => {
    const [first, second] = Object.entries(forms).flatMap(([key, value]) => (value === undefined ? [] : [key]))
    if (second === undefined) return
    const message = `allowed: one of alertRate, alertBudget and fdr; ${first} is set`
    context.addIssue({ code: 'custom', path: [second], input: forms[second as keyof typeof forms], message })
  })

/** The configured amount of alerts: a rate, a budget or a share of false ones. */
export type DetectionTarget = Omit<z.infer<typeof detectionSchema>, 'recalibrateWithin'>
