export {
  describeCluster,
  describeTopics,
  ensureTopics,
  type PartitionEnds,
  partitionEnds,
  type TopicSpec,
} from './admin.js'
export { type DeliveriesOptions, type DeliveryHooks, deliveries } from './deliveries.js'
export type { Delivery, KafkaHeaders, KafkaRecord } from './delivery.js'
export { BrokerRefused, BrokerUnavailable, OffsetBeyondLog, SenderFenced } from './errors.js'
export { type KafkaConnection, type KafkaOptions, makeKafka, type StreamLog } from './kafka.js'
export { makeProducer, type OutgoingMessage, type Producer } from './producer.js'
export { readWindow, type Window, type WindowOptions, type WindowRecord } from './read-window.js'
export {
  makeTransactionalSender,
  type RelayMark,
  readMark,
  type TransactionalSender,
} from './transactional-sender.js'
