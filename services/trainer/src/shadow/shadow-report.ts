import type { Config, ShadowReport } from '@outflow/contracts'
import { formatShare } from '@outflow/contracts/wording'
import { alertRateOf } from '@outflow/detector'
import type { Shadow } from '@outflow/store/models'
import { anomalyBound } from '../fit/gate.js'

/**
 * Compares what a shadow found with the bound of the gate. One without records fails, because nothing is known about it, and one that was not
 * compared with the active model fails, because its promotion would undo that of the active model.
 */
export function checkShadow(
  shadow: Shadow,
  { detection, training }: Pick<Config, 'detection' | 'training'>,
): ShadowReport {
  const { scored, anomaliesByBoth, anomaliesByActive, anomaliesByShadow } = shadow
  const share = (count: number) => (scored === 0 ? 0 : count / scored)
  const anomalyShare = share(anomaliesByBoth + anomaliesByShadow)
  const activeAnomalyShare = share(anomaliesByBoth + anomaliesByActive)
  const { contamination } = training
  const most = anomalyBound({ alertRate: alertRateOf(detection, shadow), contamination }, scored)
  const floods = anomalyShare > most && anomalyShare > activeAnomalyShare
  const flood = `as a shadow it found anomalies in ${formatShare(anomalyShare)} of ${scored} records; at most ${formatShare(most)} are accepted`
  const failure = shadow.isOutdated ? OUTDATED : scored === 0 ? IDLE : floods ? flood : null
  return {
    forMs: shadow.elapsedMs,
    scored,
    anomalyShare,
    activeAnomalyShare,
    disagreement: disagreementOf(shadow),
    failure,
  }
}

const OUTDATED = 'another model was activated while it was a shadow; outflow models promote makes it the active one'
const IDLE = 'as a shadow it scored no record until the next fit was due'

/** Share of the records that are anomalies under only one of the two. */
export function disagreementOf({ scored, anomaliesByActive, anomaliesByShadow }: Shadow): number {
  return scored === 0 ? 0 : (anomaliesByActive + anomaliesByShadow) / scored
}
