import type { Queryable } from '../connection/pool.js'
import { epochMs, run } from '../connection/statement.js'
import type { MinuteScores } from './statistics.js'

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
