export * from './analyst-anomalies.js'
export * from './anomalies.js'
export * from './anomaly.js'
export type { AnomalyFilter } from './anomaly-filter.js'
export * from './anomaly-list.js'
export * from './anomaly-overview.js'
export * from './entities.js'
export {
  alertsWithoutReasons,
  claimUnexplained,
  countUnexplained,
  type ExplainedAnomaly,
  explanationAt,
  explanationsAtTimes,
  storeExplanations,
} from './explanations.js'
export * from './precision.js'
export * from './rescored-anomalies.js'
export * from './verdicts.js'
