export {
  createTopics,
  describeCluster,
  describeTopics,
  ensureTopics,
  kafkaCheck,
  type PartitionEnds,
  partitionEnds,
  removeTopics,
  type TopicSpec,
} from './admin.js'
export { deliveries } from './deliveries.js'
export type { DeliveriesOptions, DeliveryHooks } from './deliveries-options.js'
export { type Delivery, isTombstone, type KafkaHeaders, type KafkaRecord, type WindowRecord } from './delivery.js'
export {
  BrokerLoginFailed,
  BrokerRefused,
  BrokerTlsFailed,
  BrokerUnavailable,
  MessageTooLarge,
  OffsetBeyondLog,
  SenderFenced,
} from './errors.js'
export { type KafkaConnection, type KafkaOptions, makeKafka } from './kafka.js'
export { type PartitionLag, partitionLags } from './partition-lags.js'
export { type Gap, type PositionStore, positionsInMemory, type StoredPosition } from './positions.js'
export { makeProducer, type OutgoingMessage, type Producer } from './producer.js'
export {
  countWindow,
  readWindow,
  type SampleOptions,
  type ScanOptions,
  sampleWindow,
  scanWindow,
  type Window,
  type WindowOptions,
} from './read-window.js'
export { startOfLatest } from './start-of-latest.js'
export type { StreamLog } from './stream-log.js'
export { traceparents } from './traceparents.js'
export {
  makeTransactionalSender,
  type RelayMark,
  readMark,
  type TransactionalSender,
} from './transactional-sender.js'
