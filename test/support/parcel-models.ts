import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { TrainedDetector } from '@outflow/detector'
import { inject } from 'vitest'
import { fitParcelModel, fitWindowedParcelModel } from './parcels.js'

/** Returns the flow fitted to normal parcels; one fit serves all test files of a run. */
export const parcelModel = (seed = 1): Promise<TrainedDetector> => fittedOnce(`${seed}`, () => fitParcelModel(seed))

/** The same with windowed features. */
export const windowedParcelModel = (): Promise<TrainedDetector> => fittedOnce('windowed', fitWindowedParcelModel)

async function fittedOnce(name: string, fitModel: () => Promise<TrainedDetector>): Promise<TrainedDetector> {
  const file = join(inject('modelFolder'), name)
  const fitted = await readFile(file).catch(() => null)
  if (fitted !== null) return deserialize(fitted) as TrainedDetector
  const model = await fitModel()
  // Two files that begin at once fit the same model: the rename replaces one whole file by another.
  const unfinished = `${file}.${process.pid}`
  await writeFile(unfinished, serialize(model))
  await rename(unfinished, file)
  return model
}
