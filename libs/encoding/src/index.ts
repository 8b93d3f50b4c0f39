export {
  categoryAlternatives,
  coarseAlternatives,
  numberAlternatives,
  numberOf,
  refineAlternatives,
  usualNumber,
  withCategory,
  withNumber,
  withUsualPairs,
} from './alternatives.js'
export { categoryNll } from './categories/category-tree.js'
export { sampleCategories } from './categories/sample-categories.js'
export { unseenCategories } from './categories/unseen.js'
export { decodeFields, decodeRecords } from './decode.js'
export { encodeBatch, encodeContext, encodeTable, unitNll } from './encode.js'
export { contextDim, type Encoder, flagsAt, rowDim } from './encoder.js'
export {
  type CategoryEvidence,
  categoryEvidence,
  type DeterminingGroup,
  determiningGroup,
  undeterminedNumbers,
} from './evidence.js'
export { type FittedEncoder, fitEncoder } from './fit-encoder.js'
export { hoursSinceCut, periodHours } from './numbers/cycle.js'
export { fitLogUnit } from './numbers/log-scale.js'
export {
  arbitraryValueNll,
  flagCategory,
  flagOf,
  fromLine,
  isEmpty,
  logSlope,
  type NumberColumn,
  ownToLine,
  relativeScale,
  roundToStep,
  toOwn,
} from './numbers/number-column.js'
export { type EncoderHeader, packEncoder, unpackEncoder } from './pack-encoder.js'
export { shuffled } from './shuffled.js'
