import { type Detector, openDetector } from '@outflow/detector'
import type { Fields } from '@outflow/records'

/**
 * Opens a model, scores records with it and closes it.
 *
 * @returns [count], nats
 */
export async function scoreRecords(
  artefact: Uint8Array,
  records: readonly Fields[],
  open: (artefact: Uint8Array) => Promise<Detector> = openDetector,
): Promise<Float64Array> {
  const detector = await open(artefact)
  try {
    return (await detector.score(records)).nll
  } finally {
    await detector.close()
  }
}
