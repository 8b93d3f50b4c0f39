import { readFile } from 'node:fs/promises'
import { type Detector, ModelDamaged, ModelForeign, ModelVersionUnknown, openDetector } from '@outflow/detector'
import { InputInvalid } from '@outflow/records'
import { FileUnavailable } from './errors.js'

/**
 * Opens a model file, passes its detector to `use`, and closes it.
 *
 * @throws {FileUnavailable} when it cannot be read
 * @throws {InputInvalid} when it is not a model of outflow, or damaged
 */
export async function withModelFile<T>(path: string, use: (detector: Detector) => Promise<T>): Promise<T> {
  const artefact = await readFile(path).catch((error: unknown) => {
    throw new FileUnavailable('read', path, error)
  })
  return withDetector(artefact, use).catch((error: unknown) => {
    const isFileDamage = [ModelDamaged, ModelForeign, ModelVersionUnknown].some((kind) => error instanceof kind)
    throw isFileDamage && error instanceof Error ? new InputInvalid(path, null, error.message, error) : error
  })
}

/** Like `withModelFile`, for an artefact in memory. @throws {ModelDamaged | ModelForeign | ModelVersionUnknown} */
export async function withDetector<T>(artefact: Uint8Array, use: (detector: Detector) => Promise<T>): Promise<T> {
  const detector = await openDetector(artefact)
  try {
    return await use(detector)
  } finally {
    await detector.close()
  }
}
