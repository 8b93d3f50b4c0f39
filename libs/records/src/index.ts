export {
  type CategoryFeature,
  type Column,
  categoryColumnsOf,
  columnsOf,
  type NumberFeature,
  numberColumnsOf,
} from './fields/columns.js'
export { type FieldRows, type FieldTable, fieldsAt, packFields, tablePart } from './fields/field-table.js'
export type { Fields } from './fields/fields.js'
export { missingFeatures } from './fields/missing.js'
export {
  compilePath,
  inWholeRecords,
  type Locate,
  type PickedPaths,
  type PickedRecord,
  pickedPaths,
} from './fields/path.js'
export {
  fieldReader,
  isRejection,
  makeReader,
  type Reader,
  type RowReader,
  rowFiller,
  rowReader,
  windowFiller,
} from './fields/reader.js'
export { type EpochUnit, epochUnit } from './fields/timestamp.js'
export { makeDecoder, type SourceFormat } from './formats/decoder.js'
export { RegistryRefused, RegistryUnavailable } from './formats/errors.js'
export type { Decoded, JsonObject, Picked, Picker, RecordDecoder } from './formats/record-decoder.js'
export { makeRegistry, type SchemaRegistry } from './formats/schema-registry.js'
export { entityOf } from './windows/names.js'
export { makeObservationReader, type Observation, type ObservationReader } from './windows/observation.js'
export { longestWindowMs, planWindows, type WindowPlan, windowPlaces } from './windows/plan.js'
export { type EntityState, makeWindowStates, type Settled, type WindowStates } from './windows/window-states.js'
