export {
  type CalibrationRecord,
  calibrationToLabel,
  listCalibrationRecords,
  modelToTrim,
  type NewCalibrationRecord,
} from './calibration-records.js'
export { latestDriftAlarm, listDriftAlarms, noteDriftAlarm, type StoredDriftAlarm } from './drift-alarms.js'
export { listenForModels } from './listen.js'
export { listModelChanges } from './model-changes.js'
export {
  type DecisionDifference,
  decisionDifference,
  type FieldDifference,
  fieldDifferences,
} from './model-decisions.js'
export { type DifferingFacts, differingFacts } from './model-facts.js'
export {
  activeModel,
  activeModelId,
  earlierModelIds,
  failGate,
  insertModel,
  listModels,
  loadModel,
  type ModelState,
  type ModelSummary,
  modelSummary,
  type NewModel,
  type StoredModel,
} from './models.js'
export { promoteChecked, promoteModel, rollBackModel } from './promotion.js'
export { latestRecalibration, noteRecalibration, type StoredRecalibration } from './recalibrations.js'
export { beginShadow, currentShadow, leftCandidate, noteShadowReport, type Shadow } from './shadows.js'
