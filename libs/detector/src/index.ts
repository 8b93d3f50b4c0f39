export { type Detector, openDetector, type Scores } from './detector.js'
export { ModelDamaged, ModelForeign, ModelVersionUnknown, TooFewRecords } from './errors.js'
export { beginFdr, type FdrState, type FdrVerdict, judgeOnline } from './online-fdr.js'
export { type TrainedDetector, type TrainingInput, trainDetector } from './train.js'
