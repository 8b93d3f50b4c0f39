export {
  categoryAlternatives,
  numberAlternatives,
  numberOf,
  refineAlternatives,
  usualNumber,
  withCategory,
  withNumber,
} from './alternatives.js'
export { categoryNll } from './category-tree.js'
export { type Column, categoryColumnsOf, columnsOf } from './columns.js'
export { periodHours } from './cycle.js'
export { decodeRecords } from './decode.js'
export { type EncodedBatch, encodeBatch, encodeContext, encodeTable } from './encode.js'
export { contextDim, type Encoder, rowDim } from './encoder.js'
export { type CategoryEvidence, categoryEvidence, type DeterminingGroup, determiningGroup } from './evidence.js'
export { type FieldRows, type FieldTable, fieldsAt, packFields, tablePart } from './field-table.js'
export type { Fields } from './fields.js'
export { type FittedEncoder, fitEncoder } from './fit-encoder.js'
export { missingFeatures } from './missing.js'
export { round as roundTo, stretchOf } from './number-column.js'
export { type EncoderHeader, type PackedEncoder, packEncoder, type Table, unpackEncoder } from './pack-encoder.js'
export {
  compilePath,
  inWholeRecords,
  type Locate,
  type PickedPaths,
  type PickedRecord,
  pickedPaths,
} from './path.js'
export {
  fieldReader,
  isRejection,
  makeReader,
  type Reader,
  type RowReader,
  rowFiller,
  rowReader,
  windowFiller,
} from './reader.js'
export { sampleCategories } from './sample-categories.js'
export { toLocal } from './time-zone.js'
export { type EpochUnit, epochUnit } from './timestamp.js'
export { type UnseenCategory, unseenCategories } from './unseen.js'
