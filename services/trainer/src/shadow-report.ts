import type { Config, ShadowReport } from '@outflow/contracts'
import { formatShare } from '@outflow/contracts/wording'
import { alertRateOf } from '@outflow/detector'
import type { Shadow } from '@outflow/store/models'
import { boundOf } from './gate.js'

export function checkShadow(
  shadow: Shadow,
  { detection, training }: Pick<Config, 'detection' | 'training'>,
): ShadowReport {
  const { scored, anomaliesByBoth, anomaliesByActive, anomaliesByShadow } = shadow
  const share = (count: number) => (scored === 0 ? 0 : count / scored)
  const anomalyShare = share(anomaliesByBoth + anomaliesByShadow)
  const activeAnomalyShare = share(anomaliesByBoth + anomaliesByActive)
  const most = boundOf(3 * (alertRateOf(detection, shadow) + training.contamination), scored)
  const floods = anomalyShare > most && anomalyShare > activeAnomalyShare
  return {
    forMs: shadow.elapsedMs,
    scored,
    anomalyShare,
    activeAnomalyShare,
    disagreement: disagreementOf(shadow),
    failure: floods
      ? `as a shadow it found anomalies in ${formatShare(anomalyShare)} of ${scored} records; at most ${formatShare(most)} are accepted`
      : null,
  }
}

/** Share of the records that are anomalies under only one of the two. */
export function disagreementOf({ scored, anomaliesByActive, anomaliesByShadow }: Shadow): number {
  return scored === 0 ? 0 : (anomaliesByActive + anomaliesByShadow) / scored
}
