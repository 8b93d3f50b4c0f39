import type { Detector } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { loadModel } from '@outflow/store/models'
import type { TrainerContext } from './trainer-context.js'

/** Opens a stored model; null if it is damaged or of another version and therefore cannot score. */
export async function openStored(
  { config: { pipeline }, pool, models }: Pick<TrainerContext, 'config' | 'pool' | 'models'>,
  id: string,
): Promise<Detector | null> {
  try {
    return await models.open((await loadModel(pool, { pipeline, id })).artefact)
  } catch (thrown: unknown) {
    if (/_MODEL_/.test(toOutflowError(thrown).code)) return null
    throw thrown
  }
}
