export type { Fields } from './fields.js'
export { isRejection, makeReader, type Reader } from './reader.js'
