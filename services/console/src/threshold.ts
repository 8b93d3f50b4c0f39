import type { Config } from '@outflow/contracts'
import { alertRateOf, modelThreshold } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import { activeModel, latestRecalibration } from '@outflow/store/models'
import { hasFdrState } from '@outflow/store/pipelines'

/**
 * Returns the NLL, in nats, above which the active model decides anomaly: at the configuration's alert rate, and for another pipeline at the
 * rate in its model's metadata. null while there is no model, and where false-discovery control varies the threshold, or has varied it in
 * another pipeline.
 */
export async function readThreshold({ pipeline: own, detection }: Config, pool: Pool, pipeline: string) {
  if (pipeline === own ? detection.fdr !== undefined : await hasFdrState(pool, pipeline)) return null
  const active = await activeModel(pool, pipeline)
  // Without metadata it was written by a later version: ingest cannot open it either, and logs that.
  if (!active?.metadata) return null
  const { id: modelId, artefact, metadata } = active
  const alertRate = pipeline === own ? alertRateOf(detection, metadata) : metadata.alertRate
  const latest = await latestRecalibration(pool, { pipeline, modelId })
  return modelThreshold(artefact, alertRate, latest?.recalibration)
}
