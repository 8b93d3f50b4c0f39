import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'

/** A model's score statistics in one minute of Kafka's record time. */
export interface ScoreMinute {
  readonly minuteMs: number
  readonly scored: number
  readonly anomalies: number
  /** [NLL_BUCKETS] records per bucket of `nllBucket`. */
  readonly histogram: readonly number[]
  /** [ODDS_BUCKETS] records per bucket of `oddsBucket`. */
  readonly pHistogram: readonly number[]
}

/** Returns the minutes in a time range in which a model scored records, in order. */
export async function scoreMinutes(
  db: Queryable,
  of: { readonly pipeline: string; readonly modelId: string; readonly from: Date; readonly before: Date },
): Promise<readonly ScoreMinute[]> {
  const rows = await run<{
    minute: Date
    scored: bigint
    anomalies: bigint
    histogram: readonly string[]
    p_histogram: readonly string[]
  }>(db, {
    name: 'score_minutes',
    text: `
      select minute, scored, anomalies, histogram, p_histogram
      from outflow.score_statistics
      where pipeline = $1 and model_id = $2 and minute >= $3 and minute < $4
      order by minute`,
    values: [of.pipeline, of.modelId, of.from, of.before],
  })
  return rows.map((row) => ({
    minuteMs: row.minute.getTime(),
    scored: Number(row.scored),
    anomalies: Number(row.anomalies),
    histogram: row.histogram.map(Number),
    pHistogram: row.p_histogram.map(Number),
  }))
}
