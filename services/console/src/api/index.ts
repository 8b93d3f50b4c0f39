export * from './anomaly.js'
export * from './fields.js'
export * from './problem.js'
export * from './session.js'
