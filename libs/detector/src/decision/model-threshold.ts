import { decodeModel } from '../artefact.js'
import { alertThreshold } from '../calibration/conformal.js'

/**
 * Returns the NLL above which a record is an anomaly at an alert rate, nats; null if the calibration set is too small for
 * the rate. The model is not opened for scoring.
 *
 * @throws as `openDetector`
 */
export function modelThreshold(artefact: Uint8Array, alertRate: number): number | null {
  const threshold = alertThreshold(decodeModel(artefact).calibration, alertRate)
  return Number.isFinite(threshold) ? threshold : null
}
