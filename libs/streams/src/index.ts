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
export { type KafkaConnection, makeKafka } from './connection/kafka.js'
export {
  BrokerRefused,
  BrokerUnavailable,
  MessageTooLarge,
  OffsetBeyondLog,
  SenderFenced,
  TopicUnknown,
} from './errors.js'
export { requireTopicRights, requireTransactionalId, type TopicOperation } from './kafkajs-internals/rights.js'
export type { DeliveriesOptions, DeliveryHooks } from './reading/deliveries-options.js'
export {
  type Delivery,
  isTombstone,
  type KafkaHeaders,
  type KafkaRecord,
  partitionKeyOf,
  type WindowRecord,
} from './reading/delivery.js'
export { type PartitionLag, partitionLags } from './reading/partition-lags.js'
export { type PositionStore, positionsInMemory } from './reading/positions.js'
export {
  countWindow,
  readWindow,
  type SampleOptions,
  sampleWindow,
  scanOffsets,
  scanWindow,
  type Window,
} from './reading/read-window.js'
export { startOfLatest } from './reading/start-of-latest.js'
export { makeProducer, messageBytes, type OutgoingMessage, type Producer } from './sending/producer.js'
export { traceparents } from './sending/traceparents.js'
export { makeTransactionalSender, type RelayMark, readMark } from './sending/transactional-sender.js'
