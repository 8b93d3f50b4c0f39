import type { Config } from '@outflow/contracts'
import { alertRateOf, modelThreshold } from '@outflow/detector'
import type { Pool } from '@outflow/store'
import { activeModelId, loadModel } from '@outflow/store/models'

/**
 * Makes a function that returns the NLL, in nats, from which the active model decides anomaly: at the configuration's alert rate, and for another
 * pipeline at the rate in its model's metadata. null while there is no model, and where false-discovery control varies the threshold.
 */
export function makeThresholds({ pipeline: own, detection }: Config, pool: Pool) {
  const known = new Map<string, { readonly modelId: string; readonly threshold: number | null }>()
  return async (pipeline: string): Promise<number | null> => {
    if (pipeline === own && detection.fdr !== undefined) return null
    const modelId = await activeModelId(pool, pipeline)
    if (modelId === null) return null
    const last = known.get(pipeline)
    if (last?.modelId === modelId) return last.threshold
    const threshold = await thresholdOf(pipeline, modelId)
    known.set(pipeline, { modelId, threshold })
    return threshold
  }

  async function thresholdOf(pipeline: string, id: string): Promise<number | null> {
    const { artefact, metadata } = await loadModel(pool, { pipeline, id })
    // Written by a later version: ingest cannot open it either, and logs that.
    if (metadata === null) return null
    return modelThreshold(artefact, pipeline === own ? alertRateOf(detection, metadata) : metadata.alertRate)
  }
}
