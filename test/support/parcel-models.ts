import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { TrainedDetector } from '@outflow/detector'
import { inject } from 'vitest'
import { inTurn } from './infrastructure.js'
import { fitParcelModel, fitWindowedParcelModel } from './parcels.js'

/** Returns a flow fitted to normal parcels; all test files of a run share one fit. */
export const parcelModel = (seed = 1): Promise<TrainedDetector> => fittedOnce(`${seed}`, () => fitParcelModel(seed))

/** Like `parcelModel`, with windowed features. */
export const windowedParcelModel = (): Promise<TrainedDetector> => fittedOnce('windowed', fitWindowedParcelModel)

function fittedOnce(name: string, fitModel: () => Promise<TrainedDetector>): Promise<TrainedDetector> {
  const file = join(inject('modelFolder'), name)
  return inTurn(file, async () => {
    const fitted = await readFile(file).catch(() => null)
    if (fitted !== null) return deserialize(fitted) as TrainedDetector
    const model = await fitModel()
    await writeFile(file, serialize(model))
    return model
  })
}
