import type { TrainedDetector } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import { insertModel, promoteModel } from '@outflow/store/models'
import { aGateReport } from './reports.js'

type Model = Pick<TrainedDetector, 'artefact' | 'metadata'>

export const storeCandidate = (
  pool: Pool,
  pipeline: string,
  { artefact, metadata }: Model,
  { metrics = aGateReport(), parentId = null as string | null } = {},
) => insertModel(pool, { pipeline, id: metadata.modelId, artefact, metadata, metrics, parentId })

export async function storeActive(pool: Pool, pipeline: string, model: Model, metrics = aGateReport()): Promise<void> {
  await storeCandidate(pool, pipeline, model, { metrics })
  await promoteModel(pool, { pipeline, id: model.metadata.modelId, by: 'test', why: 'asked to' })
}
