export {
  type DeadLetter,
  type DeadLetterQuery,
  type DeadLetterReplay,
  deadLetterAt,
  listDeadLetters,
  queueReplays,
  rejectedByReason,
  rejectionsSince,
  type StoredDeadLetter,
} from './dead-letters.js'
