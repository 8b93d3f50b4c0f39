import type { Queryable } from './pool.js'
import { run } from './statement.js'
import { NLL_BUCKETS } from './statistics.js'

/** A pipeline's scores in one span of Kafka's record time, whichever model gave them. */
export interface ScoreSpan {
  readonly from: Date
  readonly scored: number
  readonly anomalies: number
  /** Nats. */
  readonly nllMin: number
  readonly nllMax: number
  /** [NLL_BUCKETS] records per bucket of `nllBucket`. */
  readonly histogram: readonly number[]
}

/** Gives the spans of `stepSeconds` that hold records, in order; they begin at multiples of it. */
export async function scoreSeries(
  db: Queryable,
  of: { readonly pipeline: string; readonly from: Date; readonly to: Date; readonly stepSeconds: number },
): Promise<readonly ScoreSpan[]> {
  const rows = await run<{
    at: Date
    scored: string
    anomalies: string
    nll_min: number
    nll_max: number
    buckets: number[]
    counts: string[]
  }>(db, {
    name: 'score_series',
    text: `
      with minutes as (
        select to_timestamp(floor(extract(epoch from minute) / $4::int) * $4::int) as at, scored, anomalies, nll_min, nll_max,
               histogram
        from outflow.score_statistics
        where pipeline = $1 and minute >= $2 and minute < $3
      ), filled as (
        select at, bucket, sum(records) as records
        from minutes, unnest(histogram) with ordinality as counted (records, bucket)
        where records > 0
        group by at, bucket
      ), histograms as (
        select at, array_agg(bucket::int - 1) as buckets, array_agg(records::bigint) as counts from filled group by at
      ), totals as (
        select at, sum(scored) as scored, sum(anomalies) as anomalies, min(nll_min) as nll_min, max(nll_max) as nll_max
        from minutes
        group by at
      )
      select at, scored, anomalies, nll_min, nll_max, buckets, counts
      from totals join histograms using (at)
      order by at`,
    values: [of.pipeline, of.from, of.to, of.stepSeconds],
  })
  return rows.map((row) => {
    const histogram = new Array<number>(NLL_BUCKETS).fill(0)
    row.buckets.forEach((bucket, index) => {
      histogram[bucket] = Number(row.counts[index])
    })
    return {
      from: row.at,
      scored: Number(row.scored),
      anomalies: Number(row.anomalies),
      nllMin: row.nll_min,
      nllMax: row.nll_max,
      histogram,
    }
  })
}
