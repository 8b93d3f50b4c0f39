/** A block of calibrated scores: all records of one span of time. */
export interface ScoreBlock {
  /** Epoch ms of its beginning. */
  readonly startMs: number
  /** [buckets] records by the bucket that their NLL fell into. */
  readonly counts: ArrayLike<number>
}

/** Drift statistic of a bucket of NLLs, from the calibration of the model. */
export interface CalibratedBuckets {
  /** [buckets]; mean normal score of a record in the bucket: 0 on average if nothing has changed, higher is less likely. */
  readonly score: Float64Array
  /** Variance of the score, and of its square, if nothing has changed. */
  readonly variance: number
  readonly squareVariance: number
  /** Number of calibration records. */
  readonly calibrated: number
}

/** The four ways in which scores drift: their mean and their spread, each up and down. */
const SCORE_CHARTS = ['less likely', 'too normal', 'more spread', 'less spread'] as const
/** All kinds of drift. `new value`: records are anomalies only because of a category value that training did not see. */
export const DRIFT_CHARTS = [...SCORE_CHARTS, 'new value'] as const
export type DriftChart = (typeof DRIFT_CHARTS)[number]

export interface DriftAlarm {
  readonly chart: DriftChart
  /** Epoch ms; start of the block that raised the alarm. */
  readonly raisedMs: number
  /** Epoch ms; when the sum of the chart was last zero, the estimated start of the change. */
  readonly changedMs: number
  readonly statistic: number
}

export interface DriftWatch {
  /** The first alarm; null if none is raised. */
  readonly alarm: DriftAlarm | null
  /** The largest sum after the last block, as a share of the limit. */
  readonly level: number
}

/**
 * Calibrates buckets of NLLs: where u is uniform, Φ⁻¹(1 − u) is standard normal, and a bucket's score is its mean over the
 * bucket's share of p-values.
 *
 * @param pValues     [buckets + 1]; p-values at the borders of the buckets, by ascending NLL, so descending from 1 to 0
 * @param calibrated  number of calibration records
 */
export function calibrateBuckets(pValues: Float64Array, calibrated: number): CalibratedBuckets {
  const score = new Float64Array(pValues.length - 1)
  let variance = 0
  let fourth = 0
  for (let bucket = 0; bucket < score.length; bucket++) {
    const [upper, lower] = [pValues[bucket]!, pValues[bucket + 1]!]
    const mass = upper - lower
    const mean =
      mass > 1e-9 ? (density(quantile(1 - lower)) - density(quantile(1 - upper))) / -mass : quantile(1 - upper)
    score[bucket] = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, mean))
    const square = score[bucket]! ** 2
    variance += mass * square
    fourth += mass * square ** 2
  }
  return { score, variance, squareVariance: fourth - variance ** 2, calibrated }
}

/**
 * Monitors blocks of scores by four cumulative sums:
 *
 *     S⁺ = max(0, S⁺ + z − ½)      S⁻ = max(0, S⁻ − z − ½)      alarm if one is above the limit
 *
 * z is the block's mean score, or mean square, minus its expected value, in standard errors. The error includes the records of
 * the block, those of the calibration, and a tenth of a deviation for the variation of real streams from minute to minute: a
 * shift of less than a twentieth of a deviation raises no alarm, however many records there are. |z| of a block is at most 6.
 *
 * @param blocks  in order of time; blocks of fewer than 20 records are merged with the next one, because the mean square of few
 *                scores is far from normal
 * @param limit   from `driftLimit`
 * @see Page 1954, Biometrika 41; Moustakides 1986, Annals of Statistics 14, for the proof that no test detects a shift faster
 */
export function watchDrift(blocks: Iterable<ScoreBlock>, buckets: CalibratedBuckets, limit: number): DriftWatch {
  const sums = SCORE_CHARTS.map(() => ({ sum: 0, sinceMs: 0 }))
  for (const { startMs, counts } of mergeBlocks(FEWEST_RECORDS, blocks)) {
    const steps = stepsOf(counts, buckets)
    for (const [chart, state] of sums.entries()) {
      if (state.sum === 0) state.sinceMs = startMs
      state.sum = Math.max(0, state.sum + steps[chart]! - ALLOWANCE)
      if (state.sum > limit) {
        const alarm = { chart: SCORE_CHARTS[chart]!, raisedMs: startMs, changedMs: state.sinceMs, statistic: state.sum }
        return { alarm, level: state.sum / limit }
      }
    }
  }
  return { alarm: null, level: Math.max(...sums.map(({ sum }) => sum)) / limit }
}

/**
 * The limit at which the five charts together raise at most one false alarm in `runLength` blocks on average:
 *
 *     E[blocks] ≥ (e^b − b − 1) / ½ / 5      b = limit + 1.166
 *
 * for an allowance of ½ and independent standard normal z.
 *
 * @see Siegmund 1985, Sequential Analysis, § 2.6: the corrected diffusion approximation
 */
export function driftLimit(runLength: number): number {
  const wanted = DRIFT_CHARTS.length * runLength
  let [low, high] = [0, 60]
  for (let halving = 0; halving < 60; halving++) {
    const b = (low + high) / 2 + 1.166
    if ((Math.exp(b) - b - 1) / (2 * ALLOWANCE ** 2) < wanted) low = (low + high) / 2
    else high = (low + high) / 2
  }
  return high
}

/** Merges consecutive blocks until each has at least `least` records; an incomplete last block is not yielded. */
export function* mergeBlocks(least: number, blocks: Iterable<ScoreBlock>): Generator<ScoreBlock> {
  let held: { startMs: number; counts: Float64Array } | null = null
  for (const { startMs, counts } of blocks) {
    held ??= { startMs, counts: new Float64Array(counts.length) }
    for (let bucket = 0; bucket < counts.length; bucket++) held.counts[bucket]! += counts[bucket]!
    if (held.counts.reduce((sum, count) => sum + count, 0) < least) continue
    yield held
    held = null
  }
}

/** [score charts]; z in the direction of each chart. */
function stepsOf(counts: ArrayLike<number>, buckets: CalibratedBuckets): readonly number[] {
  let records = 0
  let sum = 0
  let squares = 0
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket]!
    const score = buckets.score[bucket]!
    records += count
    sum += count * score
    squares += count * score ** 2
  }
  const error = (variance: number) => Math.sqrt(variance / records + variance / buckets.calibrated + TOLERANCE ** 2)
  const mean = boundedStep(sum / records / error(buckets.variance))
  const spread = boundedStep((squares / records - buckets.variance) / error(buckets.squareVariance))
  return [mean, -mean, spread, -spread]
}

export function boundedStep(z: number): number {
  return Math.max(-LARGEST_STEP, Math.min(LARGEST_STEP, z))
}

function density(x: number): number {
  return Number.isFinite(x) ? Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI) : 0
}

/** Φ⁻¹, to 4.5e-4. @see Abramowitz & Stegun 1964, 26.2.23 */
function quantile(share: number): number {
  if (share <= 0) return Number.NEGATIVE_INFINITY
  if (share >= 1) return Number.POSITIVE_INFINITY
  const t = Math.sqrt(-2 * Math.log(Math.min(share, 1 - share)))
  const x = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  return share < 0.5 ? -x : x
}

const FEWEST_RECORDS = 20
/** Half of the shift that the sums detect fastest, in standard errors. */
export const ALLOWANCE = 0.5
const TOLERANCE = 0.1
export const LARGEST_STEP = 6
/**
 * A few extreme records are anomalies and not drift: the score of a record is bounded by the 99 % quantile. With a bound at one
 * in 2,000, two anomalies in a hundred records raised an alarm within five minutes.
 */
const LARGEST_SCORE = 2.33
