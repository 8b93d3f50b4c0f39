export {
  type CategoryFeature,
  categoryColumnsOf,
  columnsOf,
  type NumberFeature,
  numberColumnsOf,
} from './columns.js'
export { type FieldTable, fieldsAt, packFields, tablePart } from './field-table.js'
export type { Fields } from './fields.js'
export { freeMemory } from './free-memory.js'
export { missingFeatures } from './missing.js'
