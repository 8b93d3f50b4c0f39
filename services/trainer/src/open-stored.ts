import { type Detector, openDetector } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import type { Pool } from '@outflow/store'
import { loadModel } from '@outflow/store/models'

/** Opens a stored model; null where it is damaged or of another version, so that it does not score. */
export async function openStored(pool: Pool, pipeline: string, id: string): Promise<Detector | null> {
  try {
    return await openDetector((await loadModel(pool, { pipeline, id })).artefact)
  } catch (thrown: unknown) {
    if (/_MODEL_/.test(toOutflowError(thrown).code)) return null
    throw thrown
  }
}
