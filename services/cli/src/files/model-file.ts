import { readFile } from 'node:fs/promises'
import type { ModelMetadata } from '@outflow/contracts'
import { type Detector, ModelUnusable, unreachable, withDetector } from '@outflow/detector'
import { InputInvalid } from '@outflow/records'
import type { Terminal } from '@outflow/terminal'
import { FileUnavailable } from '../errors.js'

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
    throw error instanceof ModelUnusable ? new InputInvalid(path, null, error.message, error) : error
  })
}

/** Prints a warning if no record can be an anomaly by the model. Files have no severities: the warning about them is left out. */
export function warnOfNoAnomaly(
  metadata: Pick<ModelMetadata, 'calibration' | 'recordsPerDay' | 'provisional'>,
  alertRate: number,
  { say }: Pick<Terminal, 'say'>,
): void {
  const limit = metadata.calibration.smallestPValue > alertRate ? unreachable(metadata, { alertRate }) : null
  if (limit !== null) say(`warning: ${limit}`)
}
