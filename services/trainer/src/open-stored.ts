import { type Detector, openDetector } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import type { Pool } from '@outflow/store'
import { loadModel } from '@outflow/store/models'

/** Opens a stored model; null where it is not whole or not ours to open, and so nobody scores by it. */
export async function openStored(pool: Pool, pipeline: string, id: string): Promise<Detector | null> {
  try {
    return await openDetector((await loadModel(pool, { pipeline, id })).artefact)
  } catch (thrown: unknown) {
    if (/_MODEL_/.test(toOutflowError(thrown).code)) return null
    throw thrown
  }
}
