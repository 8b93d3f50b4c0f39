import { readFile } from 'node:fs/promises'
import { type Detector, ModelDamaged, ModelForeign, ModelVersionUnknown, openDetector } from '@outflow/detector'
import { InputInvalid } from '@outflow/records'
import { FileUnavailable } from './errors.js'

/**
 * Opens a model file, hands its detector to `use`, and closes it.
 *
 * @throws {FileUnavailable} when it cannot be read
 * @throws {InputInvalid} when it is no model of ours, or no longer whole
 */
export async function withModelFile<T>(path: string, use: (detector: Detector) => Promise<T>): Promise<T> {
  const artefact = await readFile(path).catch((error: unknown) => {
    throw new FileUnavailable('read', path, error)
  })
  return withDetector(artefact, use).catch((error: unknown) => {
    const isOfTheFile = [ModelDamaged, ModelForeign, ModelVersionUnknown].some((kind) => error instanceof kind)
    throw isOfTheFile && error instanceof Error ? new InputInvalid(path, null, error.message, error) : error
  })
}

/** The same for an artefact that was read already. @throws {ModelDamaged | ModelForeign | ModelVersionUnknown} */
export async function withDetector<T>(artefact: Uint8Array, use: (detector: Detector) => Promise<T>): Promise<T> {
  const detector = await openDetector(artefact)
  try {
    return await use(detector)
  } finally {
    await detector.close()
  }
}
