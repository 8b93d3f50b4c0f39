export { eventReader } from './event.js'
export { compilePath } from './fields/path.js'
export { makeReader, rowFiller } from './fields/reader.js'
export { type EpochUnit, epochUnit } from './fields/timestamp.js'
export { InputInvalid } from './files/errors.js'
export { fileReader, readRecords } from './files/read-records.js'
export {
  type FileRecord,
  FORMATS,
  type Format,
  formatOfName,
  type RecordFile,
  sniffFormat,
} from './files/record-file.js'
export { oneColumnHint, readTrainingRecords, type TrainingRecords } from './files/training-records.js'
export { makeDecoder } from './formats/decoder.js'
export type { JsonObject, RecordDecoder } from './formats/record-decoder.js'
export { makeRegistry } from './formats/registry/schema-registry.js'
export { type LeftOut, makeFeatureInference } from './inference/infer-features.js'
export { NumberSummariser, type NumberSummary } from './inference/number-summary.js'
export {
  type BatchReader,
  batchReader,
  type Message,
  messageReader,
  type OrderedReader,
  type ReaderOptions,
  type ReadRecord,
  type RecordWithFields,
  recordReader,
  wholeRecord,
} from './record-reader.js'
export { makeSample } from './sample.js'
export { makeObservationReader, type Observation } from './windows/observation.js'
export { longestWindowMs, planWindows, type WindowPlan, windowPlaces, withWindowsOf } from './windows/plan.js'
export { makeWindowStates, type SettleResult, type WindowStates } from './windows/window-states.js'
