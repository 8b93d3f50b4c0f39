import type { Detector } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'

/** The newest anomalies; more would change the share little. */
export const NEWEST_ANOMALIES = 200
/** Fewer records with the same new value may be one client's mistake. */
const FEWEST_WITH_VALUE = 10
const NEW_REGIME_SHARE = 0.5

/**
 * Distinguishes a new regime from an attack when there are more anomalies than the alert rate: returns whether at least half of the
 * anomalies would be normal except for a value that training did not see, counting values that at least ten of them have.
 *
 * @param anomalies  the newest anomalies, all after the beginning of the surplus
 */
export async function isNewRegime(
  detector: Pick<Detector, 'newValues'>,
  anomalies: readonly Fields[],
): Promise<boolean> {
  const countOfValue = new Map<string, number>()
  for (const news of await detector.newValues(anomalies)) {
    if (news === null) continue
    const key = JSON.stringify([news.field, news.value])
    countOfValue.set(key, (countOfValue.get(key) ?? 0) + 1)
  }
  const repeated = [...countOfValue.values()]
    .filter((count) => count >= FEWEST_WITH_VALUE)
    .reduce((sum, count) => sum + count, 0)
  return repeated > 0 && repeated >= NEW_REGIME_SHARE * anomalies.length
}
