import { type Detector, ModelUnusable, withDetector } from '@outflow/detector'
import { ModelDamaged, ModelUnknown } from '@outflow/store'
import { loadModel } from '@outflow/store/models'
import type { TrainerContext } from './trainer-context.js'

/** Opens a stored model, passes it to `use`, and closes it; null if it is damaged or of another version and therefore cannot score. */
export async function withStored<T>(
  { config: { pipeline }, pool, models }: Pick<TrainerContext, 'config' | 'pool' | 'models'>,
  id: string,
  use: (detector: Detector) => Promise<T>,
): Promise<T | null> {
  try {
    const { artefact } = await loadModel(pool, { pipeline, id })
    return await withDetector(artefact, use, models.open)
  } catch (thrown: unknown) {
    if (UNUSABLE.some((kind) => thrown instanceof kind)) return null
    throw thrown
  }
}

const UNUSABLE = [ModelUnusable, ModelDamaged, ModelUnknown]
