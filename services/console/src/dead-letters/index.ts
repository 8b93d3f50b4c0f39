export { findOriginals, type Original, type Originals, recordChecker } from './originals.js'
export { resendDeadLetters } from './resend.js'
