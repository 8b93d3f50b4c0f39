export { type Detector, openDetector, type Scores } from './detector.js'
export {
  type CalibratedBuckets,
  calibrateBuckets,
  DRIFT_CHARTS,
  type DriftAlarm,
  type DriftChart,
  type DriftWatch,
  driftLimit,
  type ScoreBlock,
  watchDrift,
} from './drift.js'
export type { TrainingProgress } from './ensemble.js'
export {
  ModelDamaged,
  ModelForeign,
  ModelVersionUnknown,
  ScoringFailed,
  ScoringThreadEnded,
  TooFewRecords,
} from './errors.js'
export { type FieldShift, fieldShifts } from './field-shifts.js'
export { type Following, followedApart, followedPValues, followScores } from './follow.js'
export { fitMarginals, type Marginals } from './marginals.js'
export { modelThreshold } from './model-threshold.js'
export type { NewValue } from './new-value.js'
export { beginFdr, type FdrState, type FdrVerdict, judgeOnline } from './online-fdr.js'
export { severityOf } from './severity.js'
export { type Surplus, watchSurplus } from './surplus.js'
export { makeScoringThread, type ScoringThread } from './threaded-scorer.js'
export { type TrainedDetector, type TrainingInput, trainDetector } from './train.js'
export { unexplainable } from './unexplainable.js'
export { unreachable } from './unreachable.js'
