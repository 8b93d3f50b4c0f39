import type { ModelMetadata } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { readMetadata } from '../models/models.js'

/** How a pipeline stands, in numbers. */
export interface PipelineStatus {
  /** Exact counts since it began. */
  readonly received: number
  readonly scored: number
  readonly rejected: number
  readonly anomalies: number
  /** When the last batch was written; null: none yet. */
  readonly lastWrite: Date | null
  readonly modelId: string | null
  readonly modelPromotedAt: Date | null
  /** null: no model is active, or a newer outflow wrote it, in a form unknown here. */
  readonly modelMetadata: ModelMetadata | null
  /** By Kafka's record time. */
  readonly anomaliesLastHour: number
  readonly deadLettersLastDay: number
  /** Messages of the outbox that the relay has not sent yet. */
  readonly waiting: number
  readonly waitingSince: Date | null
}

/** Returns how a pipeline stands now; a pipeline that has written nothing has zeros. */
export async function pipelineStatus(db: Queryable, pipeline: string): Promise<PipelineStatus> {
  const [row] = await run<Row>(db, {
    name: 'pipeline_status',
    text: `
      select counts.*, active.id as model_id, active.promoted_at as model_promoted_at,
             active.metadata as model_metadata, outbox.*,
             (select count(*) from outflow.anomalies
              where pipeline = $1 and record_time > now() - interval '1 hour') as anomalies_last_hour,
             (select count(*) from outflow.dead_letters
              where pipeline = $1 and rejected_at > now() - interval '1 day') as dead_letters_last_day
      from (
        select coalesce(sum(received), 0) as received, coalesce(sum(scored), 0) as scored,
               coalesce(sum(rejected), 0) as rejected, coalesce(sum(anomalies), 0) as anomalies,
               max(updated_at) filter (where received + skipped > 0) as last_write
        from outflow.offsets where pipeline = $1
      ) as counts
      cross join (
        select count(*) as waiting, min(created_at) as waiting_since from outflow.outbox where pipeline = $1
      ) as outbox
      left join outflow.models as active on active.pipeline = $1 and active.state = 'active'`,
    values: [pipeline],
  })
  const { received, scored, rejected, anomalies } = row!
  return {
    received: Number(received),
    scored: Number(scored),
    rejected: Number(rejected),
    anomalies: Number(anomalies),
    lastWrite: row!.last_write,
    modelId: row!.model_id,
    modelPromotedAt: row!.model_promoted_at,
    modelMetadata: readMetadata(row!.model_metadata),
    anomaliesLastHour: Number(row!.anomalies_last_hour),
    deadLettersLastDay: Number(row!.dead_letters_last_day),
    waiting: Number(row!.waiting),
    waitingSince: row!.waiting_since,
  }
}

interface Row {
  readonly received: string
  readonly scored: string
  readonly rejected: string
  readonly anomalies: string
  readonly last_write: Date | null
  readonly model_id: string | null
  readonly model_promoted_at: Date | null
  readonly model_metadata: unknown
  readonly anomalies_last_hour: string
  readonly dead_letters_last_day: string
  readonly waiting: string
  readonly waiting_since: Date | null
}
