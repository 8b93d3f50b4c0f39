export { entityOf } from './names.js'
export { makeObservationReader, type Observation, type ObservationReader } from './observation.js'
export { longestWindowMs, planWindows, type WindowPlan, windowPlaces } from './plan.js'
export { type EntityState, makeWindowStates, type Settled, type WindowStates } from './window-states.js'
