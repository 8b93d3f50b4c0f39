/**
 * Measures whether p-values are calibrated: `npm run bench:calibration -- --json`.
 *
 * A seeded generator of normal traffic (correlated numbers, two of them heavy-tailed, an integer, categories that shift
 * numbers) makes a training window and then a stationary stream of a million new records. The shares of anomalies are compared with
 * the alert rates, and the p-values with the uniform distribution.
 *
 * Attainable precision: n calibration records determine the true share at α with a standard deviation of √(α(1 − α) / n), and a
 * stream of m records measures it with √(α(1 − α) / m). Both are printed with the deviation. The uniformity test is a two-sample
 * test of n and m: given enough records, every finite calibration set differs from an exact uniform distribution.
 */
import { parseArgs } from 'node:util'
import { openDetector, trainDetector } from '@outflow/detector'
import { makeTraffic, TRAFFIC_FEATURES } from './traffic.js'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    window: { type: 'string', default: '600000' },
    records: { type: 'string', default: '1000000' },
    'alert-rate': { type: 'string', default: '0.001' },
  },
})
const [seed, window, count] = [Number(options.seed), Number(options.window), Number(options.records)]
const alertRate = Number(options['alert-rate'])
/** Largest deviation of the share of anomalies from each rate, as a factor. */
const TARGETS: readonly (readonly [alpha: number, factor: number])[] = [
  [1e-2, 1.1],
  [1e-3, 1.1],
  [1e-4, 1.5],
]
const BATCH = 4_096

const traffic = makeTraffic(seed)
const startedAt = performance.now()
const { artefact, metadata } = await trainDetector({
  features: TRAFFIC_FEATURES,
  records: Array.from({ length: window }, traffic),
  model: { kind: 'realnvp', layers: 8, hidden: [64, 64] },
  training: { contamination: 0, seed },
  alertRate,
})
const trainSeconds = (performance.now() - startedAt) / 1_000
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
  return {
    alpha,
    share,
    ratio: share / alpha,
    relativeSd: sd / alpha,
    factor,
    met: share <= alpha * factor && share >= alpha / factor,
  }
})
/** Rates that only a fitted tail resolves; their share of anomalies is reported without a target. */
const tailShares = [1e-5, 1e-6, 1e-7].map((alpha) => ({ alpha, flagged: countUpTo(alpha), expected: alpha * count }))
const distance = pValues.reduce(
  (furthest, p, i) => Math.max(furthest, Math.abs(p - i / count), Math.abs(p - (i + 1) / count)),
  0,
)
const statistic = distance * Math.sqrt((calibration.rows * count) / (calibration.rows + count))
/** 1 % critical value of Kolmogorov's distribution. */
const CRITICAL = 1.6276
const met = shares.every((share) => share.met) && statistic < CRITICAL
const report = {
  met,
  seed,
  records: count,
  window,
  fittingRows: metadata.training.rows,
  calibration,
  shares,
  tailShares,
  uniformity: { distance, statistic, critical: CRITICAL, met: statistic < CRITICAL },
  smallestPValue: pValues[0],
  artefactKiB: Math.ceil(artefact.length / 1024),
  trainSeconds: Math.round(trainSeconds),
}
console.log(JSON.stringify(report, null, options.json ? 0 : 2))
process.exitCode = met ? 0 : 1

function countUpTo(alpha: number): number {
  const place = pValues.findIndex((p) => p > alpha)
  return place < 0 ? count : place
}
