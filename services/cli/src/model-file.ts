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
  const detector = await openModelFile(path)
  try {
    return await use(detector)
  } finally {
    await detector.close()
  }
}

async function openModelFile(path: string): Promise<Detector> {
  const artefact = await readFile(path).catch((error: unknown) => {
    throw new FileUnavailable('read', path, error)
  })
  try {
    return await openDetector(artefact)
  } catch (error: unknown) {
    const isOfTheFile = [ModelDamaged, ModelForeign, ModelVersionUnknown].some((kind) => error instanceof kind)
    throw isOfTheFile && error instanceof Error ? new InputInvalid(path, null, error.message, error) : error
  }
}
