export {
  type DeadLetter,
  type DeadLetterResend,
  deadLetterAt,
  listDeadLetters,
  queueResends,
  rejectedByReason,
  rejectionsSince,
  type StoredDeadLetter,
} from './dead-letters.js'
