import { trimCalibration } from '@outflow/detector'
import { insertModel, listCalibrationRecords, loadModel, modelToTrim, promoteChecked } from '@outflow/store/models'
import type { TrainerContext } from './trainer-context.js'

/** Labels are applied together when none was given for this long, so that a series of labels makes one model. */
const QUIET_MS = 10_000

/**
 * Removes the anomalies that people confirmed among the calibration records of the active model: makes a model of the same weights
 * without them, and promotes it. After a rollback, only a new label makes another one.
 */
export async function applyLabels({ config, pool, models, telemetry }: TrainerContext): Promise<void> {
  const { pipeline } = config
  const found = await modelToTrim(pool, { pipeline, quietMs: QUIET_MS })
  if (found === null) return
  const { fittedId, activeId, until } = found
  const records = await listCalibrationRecords(pool, { pipeline, modelId: fittedId })
  const fitted = await loadModel(pool, { pipeline, id: fittedId })
  const { artefact, metadata } = trimCalibration(fitted.artefact, records, until)
  const id = metadata.modelId
  // Neither its weights nor its likelihoods differ from those that passed the gate; its decisions do.
  const { anomaliesBy: _, ...metrics } = fitted.metrics
  await insertModel(pool, { pipeline, id, artefact, metadata, metrics, parentId: activeId })
  const { confirmed, normal } = metadata.calibration.labels!
  const why = `${confirmed} of ${confirmed + normal} labelled calibration records are anomalies`
  await promoteChecked(pool, { pipeline, id, by: 'trainer', why }, models.open)
  telemetry.labelsApplied(id, fittedId, { confirmed, normal })
}
