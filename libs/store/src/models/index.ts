export {
  type CalibrationRecord,
  calibrationToLabel,
  listCalibrationRecords,
  modelToTrim,
  type NewCalibrationRecord,
} from './calibration-records.js'
export * from './drift-alarms.js'
export * from './listen.js'
export * from './model-decisions.js'
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
  trainedAtOf,
} from './models.js'
export * from './promotion.js'
export * from './recalibrations.js'
export { beginShadow, currentShadow, noteShadowReport, type Shadow, unpromotedCandidate } from './shadows.js'
