import type { Queryable } from '../connection/pool.js'
import { loadModel } from './models.js'
import { recalibrationOf } from './recalibrations.js'

/** Reads the models and recalibrations by which anomalies of a pipeline are explained. */
export const explanationSource = (db: Queryable, pipeline: string) => ({
  model: (id: string) => loadModel(db, { pipeline, id }),
  recalibration: (id: bigint) => recalibrationOf(db, id),
})
