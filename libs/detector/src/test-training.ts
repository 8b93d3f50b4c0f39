import type { Feature } from '@outflow/contracts'
import type { Fields } from '@outflow/records/fields'
import { onTestFinished } from 'vitest'
import { type Detector, openDetector } from './detector.js'
import { type TrainingInput, trainDetector } from './train.js'

/** Test support: fits a small detector on the backend that every machine has. */
export function fitSmall(
  features: readonly Feature[],
  records: readonly Fields[],
  change: Partial<TrainingInput> = {},
) {
  return trainDetector({
    features,
    records,
    model: { kind: 'realnvp', layers: 2, hidden: [8] },
    training: { contamination: 0, seed: 1 },
    alertRate: 0.02,
    backend: 'wasm',
    ...change,
  })
}

/** Test support: opens a detector until the test has finished. */
export async function openInTest(artefact: Uint8Array): Promise<Detector> {
  const detector = await openDetector(artefact)
  onTestFinished(() => detector.close())
  return detector
}
