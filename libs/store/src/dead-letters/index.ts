export {
  type DeadLetter,
  type DeadLetterQuery,
  type DeadLetterResend,
  deadLetterAt,
  listDeadLetters,
  queueResends,
  rejectedByReason,
  rejectionsSince,
  type StoredDeadLetter,
} from './dead-letters.js'
