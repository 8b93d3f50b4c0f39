export { alertBuckets, updateAlertBuckets } from './alert-buckets.js'
export {
  databaseId,
  deleteOutboxThrough,
  type HandOver,
  type OutboxRow,
  outboxDepth,
  requireOutboxNumbered,
  takeOutbox,
  untilOnDisk,
} from './outbox.js'
export { type OutboxMessage, queueMessages } from './outbox-message.js'
export {
  claimOutboxOrder,
  hasAlertControl,
  type StoredUnsentCause,
  type UnnumberedRow,
  type UnsentAlert,
  unnumberedRows,
  unsentCauseAt,
  withholdAlerts,
} from './unnumbered-outbox.js'
