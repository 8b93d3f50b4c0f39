export { type CalibrationLabel, labelledAnomalyShare, nextToLabel, trimCalibration } from './calibration/label-trim.js'
export { type Decisions, decide } from './decision/decide.js'
export { modelThreshold } from './decision/model-threshold.js'
export { fitRecalibration, recalibrate, recalibrationDistance } from './decision/recalibration.js'
export { alertRateOf, decisionRule } from './decision/rule.js'
export { unreachable } from './decision/unreachable.js'
export { type Detector, openDetector, type Scores } from './detector.js'
export { divergenceOf } from './divergence.js'
export { drawPlaces } from './draw-places.js'
export { type Burst, findBursts } from './drift/bursts.js'
export {
  type CalibratedBuckets,
  calibrateBuckets,
  DRIFT_CHARTS,
  type DriftAlarm,
  type DriftChart,
  type DriftWatch,
  driftLimit,
  watchDrift,
} from './drift/drift.js'
export type { FieldShift } from './drift/field-shifts.js'
export { type Surplus, watchSurplus } from './drift/surplus.js'
export {
  ModelDamaged,
  ModelForeign,
  ModelUnusable,
  ModelVersionUnknown,
  ScoringFailed,
  TooFewRecords,
} from './errors.js'
export { type Explainer, explainStored, makeExplainer } from './explaining/explainer.js'
export type { NewValue } from './explaining/new-value.js'
export { fitMarginals } from './marginals.js'
export { sameFeatures } from './same-features.js'
export { type ScoredBatch, scoreFile } from './score-file.js'
export { type RecordToLabel, type TrainedDetector, type TrainingInput, trainDetector } from './train.js'
export { withDetector } from './with-detector.js'
