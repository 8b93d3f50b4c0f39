import type { ModelMetadata } from '@outflow/contracts'
import type { Queryable } from '../connection/pool.js'
import { runOne } from '../connection/statement.js'
import { readMetadata, trainedAtOf } from '../models/models.js'

/** Current figures of a pipeline. */
interface PipelineStatus {
  /** When they were read, by Postgres's clock. */
  readonly at: Date
  /** Exact counts since the pipeline's first record. */
  readonly received: number
  readonly scored: number
  readonly rejected: number
  readonly anomalies: number
  /** When the last batch was written; null: none yet. */
  readonly lastWrite: Date | null
  readonly modelId: string | null
  /** When the model was fitted. */
  readonly modelTrainedAt: Date | null
  /** null: no model is active, or it was written by a newer outflow, in an unknown form. */
  readonly modelMetadata: ModelMetadata | null
  /** Whether the model's bytes do not match their checksum, so that ingest cannot open it. */
  readonly isModelDamaged: boolean
  /** By time of detection. */
  readonly anomaliesLastHour: number
  readonly deadLettersLastDay: number
  /** Messages in the outbox that the relay has not sent yet. */
  readonly waiting: number
  readonly waitingSince: Date | null
}

/** Returns a pipeline's current figures; zeros for a pipeline that has written nothing. */
export async function pipelineStatus(db: Queryable, pipeline: string): Promise<PipelineStatus> {
  const row = await runOne<StatusRow>(db, {
    name: 'pipeline_status',
    text: `
      select now() as at, counts.*, active.id as "modelId", active.created_at as "modelStoredAt",
             active.metadata as "modelMetadata", sha256(active.artefact) is distinct from active.checksum as "isModelDamaged", outbox.*,
             (select count(*)::float8 from outflow.anomalies
              where pipeline = $1 and detected_at > now() - interval '1 hour') as "anomaliesLastHour",
             (select count(*)::float8 from outflow.dead_letters
              where pipeline = $1 and rejected_at > now() - interval '1 day') as "deadLettersLastDay"
      from (
        select coalesce(sum(received), 0)::float8 as received, coalesce(sum(scored), 0)::float8 as scored,
               coalesce(sum(rejected), 0)::float8 as rejected, coalesce(sum(anomalies), 0)::float8 as anomalies,
               max(updated_at) filter (where received + skipped > 0) as "lastWrite"
        from outflow.offsets where pipeline = $1
      ) as counts
      cross join (
        select count(*)::float8 as waiting, min(created_at) as "waitingSince" from outflow.outbox where pipeline = $1
      ) as outbox
      left join outflow.models as active on active.pipeline = $1 and active.state = 'active'`,
    values: [pipeline],
  })
  const { modelStoredAt, ...rest } = row
  const modelMetadata = readMetadata(rest.modelMetadata)
  const modelTrainedAt = modelStoredAt && trainedAtOf({ metadata: modelMetadata, createdAt: modelStoredAt })
  return { ...rest, modelMetadata, modelTrainedAt }
}

type StatusRow = Omit<PipelineStatus, 'modelMetadata' | 'modelTrainedAt'> & {
  readonly modelMetadata: unknown
  readonly modelStoredAt: Date | null
}
