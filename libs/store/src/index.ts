export { anomalyAt, type StoredAnomaly, strangestAnomalies } from './anomalies.js'
export type { Anomaly, BatchWrite, DeadLetter, OutboxMessage, StoredEntity, StoredWindowState } from './batch.js'
export { rejectedByReason } from './dead-letters.js'
export {
  MigrationChanged,
  ModelDamaged,
  ModelUnknown,
  OutboxRewound,
  StoreLoginFailed,
  StoreRefused,
  StoreTlsFailed,
  StoreUnavailable,
} from './errors.js'
export { type Leadership, withLeadership } from './leadership.js'
export {
  type Listening,
  listenForModels,
  listenForOutbox,
  type ModelListenerOptions,
  type OutboxListenerOptions,
} from './listen.js'
export { type MigrationState, migrate, migrationStatus } from './migrate.js'
export {
  activeModel,
  activeModelId,
  insertModel,
  listModels,
  loadModel,
  type ModelState,
  type ModelSummary,
  type NewModel,
  promoteModel,
  rejectModel,
  type StoredModel,
} from './models.js'
export { type PartitionCounters, partitionCounters, storedFdrState, storedOffset } from './offsets.js'
export { databaseId, deleteOutboxThrough, type OutboxRow, outboxDepth, takeOutbox } from './outbox.js'
export { type Client, openPool, type Pool, type PoolOptions, ping, type Queryable, withTransaction } from './pool.js'
export { applyRetention } from './retention.js'
export {
  type MinuteRejections,
  type MinuteScores,
  minuteRejections,
  minuteScores,
  NLL_BUCKETS,
  nllBucket,
  nllBucketStart,
} from './statistics.js'
export { loadWindowStates } from './window-states.js'
export { writeBatch } from './write-batch.js'
