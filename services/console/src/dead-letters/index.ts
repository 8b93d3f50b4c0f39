export { findOriginals, type Original, recordChecker } from './originals.js'
export { resendDeadLetters } from './resend.js'
