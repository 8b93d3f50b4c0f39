import { z } from 'zod'

/**
 * Recalibration of a model's p-values to its recent scores; kept in `outflow.recalibrations`. Log-odds are ln((1 − p) / p); they are
 * lowered by the shift, which is linear between two knots and constant beyond the first and the last.
 */
export const recalibrationSchema = z
  .object({
    /** [knots], ascending: log-odds by the model's own calibration. */
    at: z.array(z.number()).readonly(),
    /** [knots]; above 0 if records with that score have become more frequent. */
    shift: z.array(z.number()).readonly(),
  })
  .readonly()

export type Recalibration = z.infer<typeof recalibrationSchema>
