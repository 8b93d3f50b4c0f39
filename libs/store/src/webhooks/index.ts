export {
  deadLetterUnconfigured,
  deliveriesOf,
  dueDeliveries,
  type FailedAttempt,
  listenForDeliveries,
  noteDelivered,
  noteFailedAttempt,
  resendDeadDeliveries,
  type WaitingDelivery,
  type WebhookCounts,
  waitingDeliveries,
  webhookCounts,
} from './webhook-deliveries.js'
