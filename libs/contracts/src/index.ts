export { type AlertBucket, type AlertBucketKind, alertBucketSchema } from './alert-bucket.js'
export {
  ALERT_CONTENT_TYPE,
  ALERT_EVENT_TYPE,
  type AlertEvent,
  alertEventSchema,
  type Severity,
} from './alert-event.js'
export { attempt } from './attempt.js'
export { type Config, type Connection, configSchema } from './config.js'
export { type ConsoleConfig, isLoopback, ROLES, type Role } from './console.js'
export type { DetectionTarget } from './detection.js'
export { didYouMean } from './did-you-mean.js'
export type { EntityName, EntityState } from './entity-state.js'
export { ConfigInvalid } from './errors.js'
export { EVENT_SCHEMAS, type EventType, eventJsonSchema } from './event-schemas.js'
export { EXPLAINED_EVENT_TYPE, type ExplainedEvent, explainedEventSchema } from './explained-event.js'
export { type FdrState, fdrStateSchema } from './fdr-state.js'
export { type Feature, featureName, featurePath, featureSchema, PARTITION } from './feature.js'
export { type FitReport, fitReportSchema } from './fit-report.js'
export type { FoundAnomaly } from './found-anomaly.js'
export { type GateReport, gateReportSchema, type ShadowReport } from './gate-report.js'
export { GROUP_EVENT_TYPE, type GroupEvent, groupEventSchema } from './group-event.js'
export {
  HEALTH_EVENT_KINDS,
  HEALTH_EVENT_TYPE,
  type HealthEvent,
  type HealthEventKindName,
  healthEventSchema,
} from './health-event.js'
export { MODEL_SCHEMA_VERSION, type ModelMetadata, modelMetadataSchema } from './model-metadata.js'
export { parseConfig, parseConnection } from './parse-config.js'
export {
  columnOfSteps,
  emptyRecord,
  formatPath,
  nameOfPath,
  parsePath,
  putAt,
  type Step,
  stepsOfColumn,
} from './path.js'
export { plainText } from './plain-text.js'
export { anomalyId, formatPosition, type Position, parseAnomalyId, parsePosition } from './position.js'
export {
  type Counterfactual,
  counterfactualSchema,
  type Explanation,
  type Reason,
  reasonSchema,
  type StoredExplanation,
} from './reason.js'
export { type Recalibration, recalibrationSchema } from './recalibration.js'
export { REJECTION_REASONS, type Rejection, type RejectionReason } from './rejection.js'
export { scheduledAfter } from './schedule.js'
export type { KafkaTls, PostgresTls, Sasl } from './security.js'
export type { Gap, StoredPosition } from './stored-position.js'
export { checkSuppressionRule, type SuppressionRule, suppressionRuleSchema } from './suppression.js'
export { EARLIEST_MS, LATEST_MS } from './time-range.js'
export { fromLocal, toLocal } from './time-zone.js'
export { windowMs } from './units.js'
export { outflowVersion } from './version.js'
export { areSigningSecrets, SECRET_RULE, type Webhook } from './webhook.js'
export { parseWeek } from './week.js'
