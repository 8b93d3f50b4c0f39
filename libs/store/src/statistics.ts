import type { RejectionReason } from '@outflow/contracts'

/** What one batch adds to a minute's score statistics; counts, minimum, maximum and histogram merge exactly. */
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
}

/** What one batch adds to a minute's count of rejected records. */
export interface MinuteRejections {
  readonly minuteMs: number
  readonly reason: RejectionReason
  readonly rejected: number
}

export const NLL_BUCKETS = 128

/** Gives the histogram bucket of an nll, 0 … NLL_BUCKETS − 1; the first and last take what lies beyond. */
export function nllBucket(nll: number): number {
  throw new Error(`not built yet ${nll}`)
}

/** Gives the smallest nll of a bucket, nats; −Infinity for the first. */
export function nllBucketStart(bucket: number): number {
  throw new Error(`not built yet ${bucket}`)
}

/**
 * Folds a scored batch into minutes.
 *
 * @param recordTimesMs  [n] epoch ms, Kafka's
 * @param nll            [n] nats
 * @param isAnomaly      [n] 1 where the record was judged an anomaly
 */
export function minuteScores(
  modelId: string,
  recordTimesMs: ArrayLike<number>,
  nll: ArrayLike<number>,
  isAnomaly: ArrayLike<number>,
): MinuteScores[] {
  throw new Error(`not built yet ${modelId} ${recordTimesMs} ${nll} ${isAnomaly}`)
}

/** Folds a batch's rejections into minutes. */
export function minuteRejections(
  rejections: Iterable<{ readonly recordTimeMs: number; readonly reason: RejectionReason }>,
): MinuteRejections[] {
  throw new Error(`not built yet ${rejections}`)
}
