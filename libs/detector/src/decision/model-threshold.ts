import { decodeModel } from '../artefact.js'
import { alertThreshold } from '../conformal.js'

/**
 * Returns the NLL above which a model flags a record at an alert rate, nats; null where its calibration set is too small for
 * the rate. Nothing is opened for scoring.
 *
 * @throws as `openDetector`
 */
export function modelThreshold(artefact: Uint8Array, alertRate: number): number | null {
  const threshold = alertThreshold(decodeModel(artefact).calibration, alertRate)
  return Number.isFinite(threshold) ? threshold : null
}
