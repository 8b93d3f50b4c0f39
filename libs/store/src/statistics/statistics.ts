import { clampTime } from '@outflow/contracts'

/** One batch's contribution to a minute's score statistics; counts, minimum, maximum and histogram merge exactly. */
export interface MinuteScores {
  /** Start of the minute of Kafka's record time, epoch ms. */
  readonly minuteMs: number
  readonly modelId: string
  readonly scored: number
  readonly anomalies: number
  /** Nats. */
  readonly nllMin: number
  readonly nllMax: number
  readonly nllSum: number
  /** [NLL_BUCKETS] records per bucket of `nllBucket`. */
  readonly histogram: readonly number[]
  /** [ODDS_BUCKETS] records per bucket of `oddsBucket`, by the model's own calibration. */
  readonly pHistogram: readonly number[]
}

export const NLL_BUCKETS = 128

// Buckets of equal width in asinh(nll): nearly linear around 0, where normal records are, and logarithmic in the tail,
// which reaches 1e7 nats. −8.1 is −1,650 nats: 60 numbers of high precision reach hundreds below 0. The end, 17.5, is 20 million. A bucket
// is 0.2 nats wide at 0, which is inside one, and 22 % of the value above.
const ASINH_START = -8.1
const BUCKET_WIDTH = 0.2

const MINUTE_MS = 60_000

/** Returns the histogram bucket of an nll, 0 … NLL_BUCKETS − 1; the first and last include everything beyond. */
export function nllBucket(nll: number): number {
  const bucket = Math.floor((Math.asinh(nll) - ASINH_START) / BUCKET_WIDTH)
  return Math.min(Math.max(bucket, 0), NLL_BUCKETS - 1)
}

/** Returns the smallest nll of a bucket, nats; −Infinity for the first. */
export function nllBucketStart(bucket: number): number {
  return bucket === 0 ? Number.NEGATIVE_INFINITY : Math.sinh(ASINH_START + bucket * BUCKET_WIDTH)
}

export const ODDS_BUCKETS = 64

// Half a bit of odds each, from odds of 1 : 256 to 1 in 17 million.
const ODDS_START_BITS = -8
const ODDS_WIDTH_BITS = 0.5

/** Returns the bucket of a p-value by its odds, 0 … ODDS_BUCKETS − 1, the least likely last; the outermost include everything beyond. */
export function oddsBucket(pValue: number): number {
  const bucket = Math.floor((Math.log2((1 - pValue) / pValue) - ODDS_START_BITS) / ODDS_WIDTH_BITS)
  return Math.min(Math.max(bucket, 0), ODDS_BUCKETS - 1)
}

/** Returns the upper bound of a bucket's p-values: 1 for the first. */
export function oddsBucketStart(bucket: number): number {
  return bucket === 0 ? 1 : 1 / (1 + 2 ** (ODDS_START_BITS + bucket * ODDS_WIDTH_BITS))
}

/**
 * Aggregates a scored batch into minutes.
 *
 * @param recordTimesMs  [n] epoch ms, Kafka's
 * @param nll            [n] nats
 * @param isAnomaly      [n] 1 if the record is an anomaly
 * @param ownPValue      [n] by the model's own calibration, even if recalibrated p-values were used for decisions
 */
export function minuteScores(
  modelId: string,
  recordTimesMs: ArrayLike<number>,
  nll: ArrayLike<number>,
  isAnomaly: ArrayLike<number>,
  ownPValue: ArrayLike<number>,
): MinuteScores[] {
  const minutes = new Map<number, ReturnType<typeof emptyMinute>>()
  for (let row = 0; row < nll.length; row++) {
    const minuteMs = minuteOf(recordTimesMs[row]!)
    const score = nll[row]!
    let minute = minutes.get(minuteMs)
    if (!minute) {
      minute = emptyMinute(minuteMs, modelId)
      minutes.set(minuteMs, minute)
    }
    minute.scored += 1
    minute.anomalies += isAnomaly[row]!
    minute.nllMin = Math.min(minute.nllMin, score)
    minute.nllMax = Math.max(minute.nllMax, score)
    minute.nllSum += score
    minute.histogram[nllBucket(score)]! += 1
    minute.pHistogram[oddsBucket(ownPValue[row]!)]! += 1
  }
  return [...minutes.values()]
}

/** Merges contributions to the same minute and model. */
export function mergeScores(parts: readonly MinuteScores[]): MinuteScores[] {
  const merged = new Map<string, MinuteScores>()
  for (const part of parts) {
    const key = `${part.minuteMs} ${part.modelId}`
    const known = merged.get(key)
    merged.set(key, known ? sumOf(known, part) : part)
  }
  return [...merged.values()]
}

function sumOf(a: MinuteScores, b: MinuteScores): MinuteScores {
  return {
    minuteMs: a.minuteMs,
    modelId: a.modelId,
    scored: a.scored + b.scored,
    anomalies: a.anomalies + b.anomalies,
    nllMin: Math.min(a.nllMin, b.nllMin),
    nllMax: Math.max(a.nllMax, b.nllMax),
    nllSum: a.nllSum + b.nllSum,
    histogram: a.histogram.map((count, bucket) => count + b.histogram[bucket]!),
    pHistogram: a.pHistogram.map((count, bucket) => count + b.pHistogram[bucket]!),
  }
}

function minuteOf(recordTimeMs: number): number {
  return Math.floor(clampTime(recordTimeMs) / MINUTE_MS) * MINUTE_MS
}

function emptyMinute(minuteMs: number, modelId: string) {
  return {
    minuteMs,
    modelId,
    scored: 0,
    anomalies: 0,
    nllMin: Number.POSITIVE_INFINITY,
    nllMax: Number.NEGATIVE_INFINITY,
    nllSum: 0,
    histogram: new Array<number>(NLL_BUCKETS).fill(0),
    pHistogram: new Array<number>(ODDS_BUCKETS).fill(0),
  }
}
