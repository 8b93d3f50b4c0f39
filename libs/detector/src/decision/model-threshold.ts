import type { Recalibration } from '@outflow/contracts'
import { decodeModel } from '../artefact.js'
import { alertThreshold } from '../calibration/conformal.js'
import { ownPValueOf } from './recalibration.js'

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
  const { calibration, metadata } = decodeModel(artefact)
  const ownRate = recalibration === null ? alertRate : ownPValueOf(recalibration, alertRate)
  if (metadata.provisional && ownRate < metadata.calibration.smallestPValue) return null
  const threshold = alertThreshold(calibration, ownRate)
  return Number.isFinite(threshold) ? threshold : null
}
