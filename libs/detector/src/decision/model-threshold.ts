import type { Recalibration } from '@outflow/contracts'
import { decodeModel, type Model } from '../artefact.js'
import { alertThreshold } from '../calibration/conformal.js'
import { ownPValueOf } from './recalibration.js'

/** Returns the NLL above which the model's own p-value is at most the rate, nats; infinite if it never is. */
export function thresholdOf({ calibration, metadata }: Pick<Model, 'calibration' | 'metadata'>, rate: number): number {
  const isNever = metadata.provisional && rate < metadata.calibration.smallestPValue
  return isNever ? Number.POSITIVE_INFINITY : alertThreshold(calibration, rate)
}

/**
 * Returns the NLL above which a record is an anomaly at an alert rate, nats; null if the calibration set is too small for
 * the rate. The model is not opened for scoring.
 *
 * @param recalibration  of the model's p-values; null: none
 * @throws as `openDetector`
 */
export function modelThreshold(
  artefact: Uint8Array,
  alertRate: number,
  recalibration: Recalibration | null = null,
): number | null {
  const ownRate = recalibration === null ? alertRate : ownPValueOf(recalibration, alertRate)
  const threshold = thresholdOf(decodeModel(artefact), ownRate)
  return Number.isFinite(threshold) ? threshold : null
}
