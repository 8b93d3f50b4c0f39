export {
  beat,
  type Condition,
  healthEventsCheck,
  listHealthEvents,
  openHealthEvents,
  type ReportedHealthEvent,
  storeHealthEvents,
} from './health-events.js'
export { type HealthFacts, healthFacts, newOccurrences } from './health-facts.js'
