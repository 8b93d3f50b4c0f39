export { readable, readableStart } from '../readable.js'
export { findOriginals, type Original, type Originals, recordChecker } from './originals.js'
export { resendDeadLetters } from './resend.js'
