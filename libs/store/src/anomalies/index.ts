export { type AnalystAnomaly, anomaliesForAnalyst } from './analyst-anomalies.js'
export {
  anomalyAt,
  type DetectedAnomaly,
  eachAnomaly,
  eachDetected,
  newestAnomalies,
  type StoredAnomaly,
  strangestAnomalies,
} from './anomalies.js'
export type { Anomaly } from './anomaly.js'
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
  type EntityCell,
  topEntities,
} from './anomaly-overview.js'
export { entityHistory } from './entities.js'
export {
  claimUnexplained,
  countUnexplained,
  type ExplainedAnomaly,
  explanationsBetween,
  storeExplanations,
} from './explanations.js'
export {
  type EarlierDecisions,
  earlierDecisions,
  type RescoredAnomaly,
  storeRescoredAnomalies,
} from './rescored-anomalies.js'
export { anomaliesOfField } from './similar-anomalies.js'
export { countVerdicts, type GivenVerdict, giveVerdict, type Verdict, verdictsOn } from './verdicts.js'
