export {
  type DeadLetter,
  type DeadLetterResend,
  deadLetterAt,
  listDeadLetters,
  queueResends,
  rejectedByReason,
  rejectionsSince,
  type StoredDeadLetter,
  unsentDeadLetters,
} from './dead-letters.js'
