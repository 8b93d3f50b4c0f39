import type { Reason } from '../events/reason.js'

/** `0.0034` becomes `0.34 %`. */
export const formatShare = (share: number): string => `${Number((100 * share).toPrecision(3))} %`

/** Lists the share of each field in a record's surprise, such as `distance 97 %, delay 3 %`. */
export function formatShares(reasons: readonly Pick<Reason, 'field' | 'bits'>[]): string {
  const percents = reasonPercents(reasons)
  return reasons.map(({ field }, at) => `${field} ${percents[at]} %`).join(', ')
}

/**
 * The share of each reason in the bits of all, in whole per cent that add up to 100. A share that is not 0 is at least 1, of up to
 * 100 reasons.
 *
 * @returns [reasons]
 */
export function reasonPercents(reasons: readonly Pick<Reason, 'bits'>[]): readonly number[] {
  const total = reasons.reduce((sum, { bits }) => sum + bits, 0)
  if (total === 0) return reasons.map(() => 0)
  const exact = reasons.map(({ bits }) => (100 * bits) / total)
  const percents = exact.map((share) => (share === 0 ? 0 : Math.max(1, Math.floor(share))))
  const rest = 100 - percents.reduce((sum, percent) => sum + percent, 0)
  // The largest remainders are rounded up; of equal ones that of the smaller share.
  const remainder = (at: number) => exact[at]! - percents[at]!
  const byRemainder = [...exact.keys()].sort((a, b) => remainder(b) - remainder(a) || exact[a]! - exact[b]!)
  for (const at of byRemainder.slice(0, Math.max(0, rest))) percents[at]! += 1
  for (let over = -rest; over > 0; over -= 1) percents[percents.lastIndexOf(Math.max(...percents))]! -= 1
  return percents
}
