import type { Config, ShadowReport } from '@outflow/contracts'
import { alertRateOf } from '@outflow/detector'
import type { Shadow } from '@outflow/store/models'
import { boundOf, percent } from './gate.js'

/** Says how a candidate did. */
export function checkShadow(
  shadow: Shadow,
  { detection, training }: Pick<Config, 'detection' | 'training'>,
): ShadowReport {
  const { scored, flaggedByBoth, flaggedByActive, flaggedByShadow } = shadow
  const share = (count: number) => (scored === 0 ? 0 : count / scored)
  const flaggedShare = share(flaggedByBoth + flaggedByShadow)
  const activeFlaggedShare = share(flaggedByBoth + flaggedByActive)
  const most = boundOf(3 * (alertRateOf(detection, shadow) + training.contamination), scored)
  const floods = flaggedShare > most && flaggedShare > activeFlaggedShare
  return {
    forMs: shadow.elapsedMs,
    scored,
    flaggedShare,
    activeFlaggedShare,
    disagreement: disagreementOf(shadow),
    failure: floods
      ? `as a shadow it flagged ${percent(flaggedShare)} of ${scored} records; at most ${percent(most)} are accepted`
      : null,
  }
}

/** Share of the records that one of the two flags and the other does not. */
export function disagreementOf({ scored, flaggedByActive, flaggedByShadow }: Shadow): number {
  return scored === 0 ? 0 : (flaggedByActive + flaggedByShadow) / scored
}
