export { type AnalystAnomaly, anomaliesForAnalyst } from './analyst-anomalies.js'
export {
  anomalyAt,
  type DetectedAnomaly,
  eachAnomaly,
  eachDetected,
  leastLikelyAnomalies,
  newestAnomalies,
  type StoredAnomaly,
} from './anomalies.js'
export type { Anomaly, Verdict } from './anomaly.js'
export type { AnomalyFilter } from './anomaly-filter.js'
export {
  type AnomalyCursor,
  type AnomalyLine,
  anomaliesDetectedSince,
  type FieldBits,
  listAnomalies,
} from './anomaly-list.js'
export {
  type AnomalyCount,
  anomalySpan,
  countAnomalies,
  countByEntity,
  leastLikelyLimit,
  topEntities,
} from './anomaly-overview.js'
export { entityHistory } from './entities.js'
export {
  alertsWithoutReasons,
  claimUnexplained,
  countUnexplained,
  type ExplainedAnomaly,
  explanationsBetween,
  storeExplanations,
} from './explanations.js'
export { precisionOf } from './precision.js'
export {
  type EarlierDecisions,
  earlierDecisions,
  type RescoredAnomaly,
  storeRescoredAnomalies,
} from './rescored-anomalies.js'
export { deleteView, savedViews, saveView } from './saved-views.js'
export {
  countVerdicts,
  type GivenVerdict,
  giveOwnVerdict,
  giveVerdict,
  giveVerdicts,
  mayNameReviewer,
  verdictsOn,
} from './verdicts.js'
