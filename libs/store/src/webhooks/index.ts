export * from './webhook-deliveries.js'
