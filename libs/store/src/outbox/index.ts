export * from './alert-buckets.js'
export * from './outbox.js'
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
