export { alertWindows, updateAlertWindows } from './alert-windows.js'
export {
  type AnomalyRange,
  anomalyAt,
  type DetectedAnomaly,
  eachAnomaly,
  eachDetected,
  newestFlagged,
  type StoredAnomaly,
  strangestAnomalies,
} from './anomalies.js'
export { type AnomalyWithFields, anomaliesOfField, type FieldBits } from './anomalies-alike.js'
export {
  type AnomalyCursor,
  type AnomalyFilter,
  type AnomalyLine,
  type AnomalyListing,
  type AnomalyPage,
  anomaliesDetectedSince,
  listAnomalies,
} from './anomaly-list.js'
export { type AuditEntry, beginAudit, endAudit } from './audit.js'
export type {
  Anomaly,
  BatchWrite,
  DeadLetter,
  OutboxMessage,
  ShadowDifference,
  ShadowWrite,
  StoredEntity,
  StoredWindowState,
} from './batch.js'
export {
  type DeadLetterQuery,
  type DeadLetterReplay,
  deadLetterAt,
  listDeadLetters,
  queueReplays,
  rejectedByReason,
  rejectionsSince,
  type StoredDeadLetter,
} from './dead-letters.js'
export { latestDriftAlarm, listDriftAlarms, noteDriftAlarm, type StoredDriftAlarm } from './drift-alarms.js'
export { type EntityHistory, entityHistory } from './entities.js'
export {
  AnomalyUnknown,
  MigrationChanged,
  ModelDamaged,
  ModelUnknown,
  NoEarlierModel,
  OutboxRewound,
  StoreLoginFailed,
  StoreRefused,
  StoreTlsFailed,
  StoreUnavailable,
  ValueRefused,
} from './errors.js'
export {
  addExclusion,
  confirmedPositions,
  type Exclusion,
  listExclusions,
  removeExclusion,
} from './exclusions.js'
export { abandonFits, endFit, type FitState, listFits, noteFitStep, type StoredFit, startFit } from './fits.js'
export { latestFollowing, noteFollowing, type StoredFollowing } from './followings.js'
export { beat, type LeadingService } from './heartbeats.js'
export { isLed, type Leadership, withLeadership } from './leadership.js'
export {
  type Listening,
  listenForDeliveries,
  listenForModels,
  listenForOutbox,
  listenForTraining,
  type ModelListenerOptions,
  type OutboxListenerOptions,
  type TrainingListenerOptions,
} from './listen.js'
export { type MigrationState, migrate, migrationStatus } from './migrate.js'
export { listModelChanges, type ModelChange } from './model-changes.js'
export {
  activeModel,
  activeModelId,
  earlierModelIds,
  insertModel,
  listModels,
  loadModel,
  type ModelState,
  type ModelSummary,
  modelSummary,
  type NewModel,
  rejectModel,
  type StoredModel,
} from './models.js'
export {
  beginPartitions,
  type MissedRecords,
  type PartitionCounters,
  type PartitionPosition,
  partitionCounters,
  skipMissed,
  storedFdrState,
  storedPositions,
} from './offsets.js'
export { type OperationFacts, operationFacts, untoldOccurrences } from './operation-facts.js'
export {
  noteOperations,
  type Occurrence,
  type Operation,
  type OperationStatus,
  openOperations,
  type StandingOperation,
} from './operations.js'
export { operationsCheck } from './operations-check.js'
export {
  databaseId,
  deleteOutboxThrough,
  firstOfOutbox,
  type HandOver,
  type OutboxRow,
  outboxDepth,
  requireOutboxNumbered,
  takeOutbox,
  untilOnDisk,
} from './outbox.js'
export { type PipelineStatus, pipelineStatus } from './pipeline-status.js'
export { listPipelines, type PipelineSummary, recentRate } from './pipelines.js'
export {
  type Client,
  inTransaction,
  openPool,
  type Pool,
  type PoolOptions,
  ping,
  type Queryable,
  withReadOnlyTransaction,
  withTransaction,
} from './pool.js'
export { plainText } from './postgres-text.js'
export { type Change, promoteChecked, promoteModel, rollBackModel } from './promotion.js'
export { type OldVerdicts, oldVerdicts, type RescoredAnomaly, storeRescoredAnomalies } from './rescored-anomalies.js'
export { applyRetention, type Retention } from './retention.js'
export { answerRequests, fitOfRequest, isRetrainWanted, requestRetrain } from './retrain-requests.js'
export { type ScoreMinute, scoreMinutes } from './score-minutes.js'
export { type ScoreSpan, scoreSeries } from './score-series.js'
export { beginShadow, currentShadow, leftCandidate, noteShadowReport, type Shadow } from './shadows.js'
export {
  histogramQuantiles,
  type MinuteRejections,
  type MinuteScores,
  minuteRejections,
  minuteScores,
  NLL_BUCKETS,
  nllBucket,
  nllBucketStart,
  ODDS_BUCKETS,
  oddsBucket,
  oddsBucketStart,
} from './statistics.js'
export {
  addSuppression,
  listSuppressions,
  type NewSuppression,
  removeSuppression,
  type Suppression,
} from './suppressions.js'
export { type TrainerStatus, trainerStatus } from './trainer-status.js'
export {
  type AlertFate,
  alertFateAt,
  claimOutboxOrder,
  isQuietened,
  type NextInOrder,
  numberInOrder,
  type UnnumberedRow,
  type UnsentAlert,
  unnumberedRows,
  withholdAlerts,
} from './unnumbered-outbox.js'
export {
  countVerdicts,
  type GivenVerdict,
  giveVerdict,
  type NewVerdict,
  VERDICTS,
  type Verdict,
  verdictsOn,
} from './verdicts.js'
export {
  buryDelivery,
  buryForOthers,
  dueDeliveries,
  type FailedAttempt,
  noteDelivered,
  noteFailedAttempt,
  replayDeadDeliveries,
  type WaitingDelivery,
  type WebhookCounts,
  waitingDeliveries,
  webhookCounts,
} from './webhook-deliveries.js'
export { loadWindowStates } from './window-states.js'
export { writeBatch } from './write-batch.js'
