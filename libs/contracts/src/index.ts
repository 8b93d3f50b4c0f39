export { attempt } from './attempt.js'
export { type Config, type Connection, configSchema } from './config/config.js'
export { type ConsoleConfig, isLoopback, MAX_TOKEN_NAME_CHARS } from './config/console.js'
export type { DetectionTarget } from './config/detection.js'
export { didYouMean } from './config/did-you-mean.js'
export { parseConfig, parseConnection } from './config/parse-config.js'
export { scheduledAfter } from './config/schedule.js'
export type { KafkaTls, PostgresTls, Sasl } from './config/security.js'
export { windowMs } from './config/units.js'
export { areSigningSecrets, SECRET_RULE, type Webhook } from './config/webhook.js'
export type { EntityName, EntityState } from './entity-state.js'
export { ConfigInvalid } from './errors.js'
export type { Alert, UnsentCause } from './events/alert.js'
export { type AlertBucket, type AlertBucketKind, alertBucketSchema } from './events/alert-bucket.js'
export {
  ALERT_CONTENT_TYPE,
  ALERT_EVENT_TYPE,
  type AlertEvent,
  alertEventSchema,
  type Severity,
} from './events/alert-event.js'
export { EVENT_SCHEMAS, type EventType, eventJsonSchema } from './events/event-schemas.js'
export { EXPLAINED_EVENT_TYPE, type ExplainedEvent, explainedEventSchema } from './events/explained-event.js'
export type { FoundAnomaly } from './events/found-anomaly.js'
export { GROUP_EVENT_TYPE, type GroupEvent, groupEventSchema } from './events/group-event.js'
export {
  HEALTH_EVENT_KINDS,
  HEALTH_EVENT_TYPE,
  type HealthEvent,
  type HealthEventKindName,
  healthEventSchema,
  type StoredHealthEvent,
} from './events/health-event.js'
export {
  type Counterfactual,
  counterfactualSchema,
  type Explanation,
  type Reason,
  reasonSchema,
  type StoredExplanation,
} from './events/reason.js'
export { type FdrState, fdrStateSchema } from './fdr-state.js'
export { type Feature, featureSchema } from './feature/feature-schema.js'
export { type FitReport, fitReportSchema } from './model/fit-report.js'
export { type GateReport, gateReportSchema, type ShadowReport } from './model/gate-report.js'
export { MODEL_SCHEMA_VERSION, type ModelMetadata, modelMetadataSchema } from './model/model-metadata.js'
export { type Recalibration, recalibrationSchema } from './model/recalibration.js'
export { plainText } from './plain-text.js'
export { anomalyId, formatPosition, type Position, parseAnomalyId, parsePosition } from './position.js'
export { REJECTION_REASONS, type Rejection, type RejectionReason } from './rejection.js'
export type { Gap, StoredPosition } from './stored-position.js'
export { checkSuppressionRule, type SuppressionRule, suppressionRuleSchema } from './suppression.js'
export { clampTime, EARLIEST_MS, includesEnd, LATEST_MS } from './time-range.js'
export { outflowVersion } from './version.js'
export { parseWeek } from './week.js'
