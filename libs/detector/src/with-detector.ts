import { type Detector, openDetector } from './detector.js'

/**
 * Opens a model artefact, passes the detector to `use`, and closes it.
 *
 * @param open  default: `openDetector`
 * @throws {ModelUnusable}
 */
export async function withDetector<T>(
  artefact: Uint8Array,
  use: (detector: Detector) => Promise<T>,
  open: (artefact: Uint8Array) => Promise<Detector> = openDetector,
): Promise<T> {
  const detector = await open(artefact)
  try {
    return await use(detector)
  } finally {
    await detector.close()
  }
}
