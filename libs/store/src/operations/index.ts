export { beat } from './heartbeats.js'
export { type OperationFacts, operationFacts, untoldOccurrences } from './operation-facts.js'
export {
  noteOperations,
  type Operation,
  type OperationStatus,
  openOperations,
  type StandingOperation,
} from './operations.js'
export { operationsCheck } from './operations-check.js'
