import type { Queryable } from '../connection/pool.js'
import { epochMs, run } from '../connection/statement.js'
import { type MinuteScores, NLL_BUCKETS } from './statistics.js'

/** A model's score statistics in one minute of Kafka's record time. */
export type ScoreMinute = Pick<MinuteScores, 'minuteMs' | 'scored' | 'anomalies' | 'histogram' | 'pHistogram'>

/** Returns the minutes in a time range in which a model scored records, in order. */
export function scoreMinutes(
  db: Queryable,
  of: { readonly pipeline: string; readonly modelId: string; readonly from: Date; readonly before: Date },
): Promise<readonly ScoreMinute[]> {
  return run<ScoreMinute>(db, {
    name: 'score_minutes',
    text: `
      select ${epochMs('minute')} as "minuteMs", scored::float8, anomalies::float8, histogram::float8[],
             p_histogram::float8[] as "pHistogram"
      from outflow.score_statistics
      where pipeline = $1 and model_id = $2 and minute >= $3 and minute < $4
      order by minute`,
    values: [of.pipeline, of.modelId, of.from, of.before],
  })
}

/** A pipeline's score statistics in one span of Kafka's record time, over all models. */
interface ScoreSpan {
  readonly time: Date
  readonly records: number
  readonly anomalies: number
  /** Nats. */
  readonly max: number
  /** The nll, in nats, below which 50 %, 90 %, 99 % and 99.9 % of the records are; accurate to a bucket of `nllBucket`. */
  readonly percentiles: readonly [p50: number, p90: number, p99: number, p999: number]
}

/** Returns the spans of `stepSeconds` that have records, in order; they begin at multiples of it. */
export function scoreSeries(
  db: Queryable,
  of: { readonly pipeline: string; readonly from: Date; readonly to: Date; readonly stepSeconds: number },
): Promise<readonly ScoreSpan[]> {
  return run<ScoreSpan>(db, {
    name: 'score_series',
    text: `
      select at as time, scored as records, anomalies, highest as max,
             outflow.nll_percentiles(histogram, lowest, highest) as percentiles
      from generate_series(
        to_timestamp(floor(extract(epoch from $2::timestamptz) / $4::int) * $4::int), $3::timestamptz, make_interval(secs => $4::int)
      ) as at
      cross join lateral (
        select sum(scored)::float8 as scored, sum(anomalies)::float8 as anomalies, min(nll_min) as lowest,
               max(nll_max) as highest, array[${SUMS_OF_BUCKETS}]::bigint[] as histogram
        from outflow.score_statistics
        where pipeline = $1 and minute >= greatest(at, $2) and minute < least(at + make_interval(secs => $4::int), $3)
      ) as inside
      where scored is not null
      order by at`,
    values: [of.pipeline, of.from, of.to, of.stepSeconds],
  })
}

// A month has 43,200 minutes; unnesting their histograms takes five times as long as one sum per bucket.
const SUMS_OF_BUCKETS = Array.from({ length: NLL_BUCKETS }, (_, index) => `sum(histogram[${index + 1}])`).join(', ')
