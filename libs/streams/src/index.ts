export {
  createTopics,
  describeCluster,
  describeTopics,
  ensureTopics,
  makeKafkaCheck,
  type PartitionEnds,
  partitionEnds,
  removeTopics,
  requireCreation,
  requireGroup,
} from './admin.js'
export { deliveries } from './deliveries.js'
export type { DeliveriesOptions, DeliveryHooks } from './deliveries-options.js'
export {
  type Delivery,
  isTombstone,
  type KafkaHeaders,
  type KafkaRecord,
  partitionKeyOf,
  type WindowRecord,
} from './delivery.js'
export {
  BrokerRefused,
  BrokerUnavailable,
  MessageTooLarge,
  OffsetBeyondLog,
  SenderFenced,
  TopicUnknown,
} from './errors.js'
export { type KafkaConnection, makeKafka } from './kafka.js'
export { requireTopicRights, requireTransactionalId, type TopicOperation } from './kafkajs-internals/rights.js'
export { type PartitionLag, partitionLags } from './partition-lags.js'
export { type PositionStore, positionsInMemory } from './positions.js'
export { makeProducer, type OutgoingMessage, type Producer } from './producer.js'
export {
  countWindow,
  readWindow,
  type SampleOptions,
  sampleWindow,
  scanOffsets,
  scanWindow,
  type Window,
} from './read-window.js'
export { startOfLatest } from './start-of-latest.js'
export { traceparents } from './traceparents.js'
export { makeTransactionalSender, type RelayMark, readMark, type TransactionalSender } from './transactional-sender.js'
