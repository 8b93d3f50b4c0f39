import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { NLL_BUCKETS } from './statistics.js'

/** A pipeline's score statistics in one span of Kafka's record time, over all models. */
interface ScoreSpan {
  readonly from: Date
  readonly scored: number
  readonly anomalies: number
  /** Nats. */
  readonly nllMin: number
  readonly nllMax: number
  /** [NLL_BUCKETS] records per bucket of `nllBucket`. */
  readonly histogram: readonly number[]
}

/** Returns the spans of `stepSeconds` that have records, in order; they begin at multiples of it. */
export function scoreSeries(
  db: Queryable,
  of: { readonly pipeline: string; readonly from: Date; readonly to: Date; readonly stepSeconds: number },
): Promise<readonly ScoreSpan[]> {
  return run<ScoreSpan>(db, {
    name: 'score_series',
    text: `
      select at as "from", scored, anomalies, "nllMin", "nllMax", histogram
      from generate_series(
        to_timestamp(floor(extract(epoch from $2::timestamptz) / $4::int) * $4::int), $3::timestamptz, make_interval(secs => $4::int)
      ) as at
      cross join lateral (
        select sum(scored)::float8 as scored, sum(anomalies)::float8 as anomalies, min(nll_min) as "nllMin",
               max(nll_max) as "nllMax", array[${SUMS_OF_BUCKETS}]::float8[] as histogram
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
