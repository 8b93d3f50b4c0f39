export {
  categoryAlternatives,
  coarseAlternatives,
  numberAlternatives,
  numberOf,
  refineAlternatives,
  usualNumber,
  withCategory,
  withNumber,
} from './alternatives.js'
export { categoryNll } from './category-tree.js'
export { hourInPeriod, periodHours } from './cycle.js'
export { decodeFields, decodeRecords } from './decode.js'
export { encodeBatch, encodeContext, encodeTable } from './encode.js'
export { contextDim, type Encoder, rowDim } from './encoder.js'
export { type CategoryEvidence, categoryEvidence, type DeterminingGroup, determiningGroup } from './evidence.js'
export { type FittedEncoder, fitEncoder } from './fit-encoder.js'
export { fitLogUnit } from './log-scale.js'
export {
  arbitraryValueNll,
  flagCategory,
  flagOf,
  fromLine,
  type NumberColumn,
  ownToLine,
  relativeScale,
  roundToStep,
  toOwn,
} from './number-column.js'
export { type EncoderHeader, packEncoder, unpackEncoder } from './pack-encoder.js'
export { sampleCategories } from './sample-categories.js'
export { shuffled } from './shuffled.js'
export { unseenCategories } from './unseen.js'
