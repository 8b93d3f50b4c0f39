export { alertBuckets, updateAlertBuckets } from './alert-buckets.js'
export {
  databaseId,
  deleteOutboxThrough,
  firstOfOutbox,
  type HandOver,
  listenForOutbox,
  type OutboxRow,
  outboxDepth,
  requireOutboxNumbered,
  takeOutbox,
  untilOnDisk,
} from './outbox.js'
export type { OutboxMessage } from './outbox-message.js'
export {
  claimOutboxOrder,
  hasAlertControl,
  type NextInOrder,
  numberInOrder,
  type UnnumberedRow,
  type UnsentAlert,
  type UnsentCause,
  unnumberedRows,
  unsentCauseAt,
  withholdAlerts,
} from './unnumbered-outbox.js'
