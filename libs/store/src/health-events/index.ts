export {
  type Condition,
  listHealthEvents,
  openHealthEvents,
  type ReportedHealthEvent,
  storeHealthEvents,
} from './health-events.js'
export { healthEventsCheck } from './health-events-check.js'
export { type HealthFacts, healthFacts, newOccurrences } from './health-facts.js'
export { beat } from './heartbeats.js'
