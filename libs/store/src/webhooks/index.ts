export {
  buryDelivery,
  buryForOthers,
  dueDeliveries,
  type FailedAttempt,
  listenForDeliveries,
  noteDelivered,
  noteFailedAttempt,
  replayDeadDeliveries,
  type WaitingDelivery,
  type WebhookCounts,
  waitingDeliveries,
  webhookCounts,
} from './webhook-deliveries.js'
