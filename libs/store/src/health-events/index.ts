export * from './health-events.js'
export * from './health-facts.js'
