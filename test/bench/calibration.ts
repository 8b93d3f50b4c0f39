/**
 * Measures whether p-values are calibrated: `npm run bench:calibration`.
 *
 * A seeded generator of normal traffic (correlated numbers, two of them heavy-tailed, an integer, categories that shift
 * numbers) makes a training window and then a stationary stream of a million new records. The shares of anomalies are compared with
 * the alert rates, and the p-values with the uniform distribution.
 *
 * Attainable precision: n calibration records determine the true share at α with a standard deviation of √(α(1 − α) / n), and a
 * stream of m records measures it with √(α(1 − α) / m). Both are printed with the deviation. The uniformity test is a two-sample
 * test of n and m: given enough records, every finite calibration set differs from an exact uniform distribution.
 */
import { configSchema } from '@outflow/contracts'
import { openDetector, trainDetector } from '@outflow/detector'
import { benchOptions } from './options.js'
import { makeReport } from './report.js'
import { makeTraffic, TRAFFIC_FEATURES } from './traffic.js'

const options = benchOptions({ seed: 1, window: 600_000, records: 1_000_000, 'alert-rate': 0.001 })
const { seed, window, records: count, 'alert-rate': alertRate } = options
/** Largest deviation of the share of anomalies from each rate, as a factor. */
const TARGETS: readonly (readonly [alpha: number, factor: number])[] = [
  [1e-2, 1.1],
  [1e-3, 1.1],
  [1e-4, 1.5],
]
const BATCH = 4_096

const report = makeReport(options.json)
const traffic = makeTraffic(seed)
const { artefact, metadata } = await trainDetector({
  features: TRAFFIC_FEATURES,
  records: Array.from({ length: window }, traffic),
  model: configSchema.shape.model.parse({}),
  training: { contamination: 0, seed },
  alertRate,
})
const detector = await openDetector(artefact)
const pValues = new Float64Array(count)
for (let at = 0; at < count; at += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, count - at) }, traffic)
  pValues.set((await detector.score(batch)).pValue, at)
}
await detector.close()
pValues.sort()

const { calibration } = metadata
const shares = TARGETS.map(([alpha, factor]) => {
  const share = countUpTo(alpha) / count
  const sd = Math.sqrt(alpha * (1 - alpha)) * Math.sqrt(1 / calibration.rows + 1 / count)
  const isMet = share <= alpha * factor && share >= alpha / factor
  return { alpha, ratio: share / alpha, 'standard deviation': sd / alpha, factor, isMet }
})
report.table(
  'share of anomalies, divided by the rate',
  shares.map(({ alpha, ratio, 'standard deviation': sd, factor, isMet }) => ({
    ...{ rate: String(alpha), ratio, 'standard deviation': sd, 'largest factor': factor, met: isMet ? 'yes' : 'no' },
  })),
)
// Only a fitted tail resolves these rates; there is no target.
report.table(
  'anomalies at rates below one record',
  [1e-5, 1e-6, 1e-7].map((alpha) => ({ rate: String(alpha), anomalies: countUpTo(alpha), expected: alpha * count })),
)
const distance = pValues.reduce(
  (furthest, p, i) => Math.max(furthest, Math.abs(p - i / count), Math.abs(p - (i + 1) / count)),
  0,
)
const statistic = distance * Math.sqrt((calibration.rows * count) / (calibration.rows + count))
/** 1 % critical value of Kolmogorov's distribution. */
const CRITICAL = 1.6276
report.table('distance of the p-values from the uniform distribution', [
  { 'calibration records': calibration.rows, records: count, distance, statistic, 'critical value': CRITICAL },
])
process.exitCode = shares.every(({ isMet }) => isMet) && statistic < CRITICAL ? 0 : 1

function countUpTo(alpha: number): number {
  const place = pValues.findIndex((p) => p > alpha)
  return place < 0 ? count : place
}
