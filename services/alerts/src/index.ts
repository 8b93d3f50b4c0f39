export { type AlertsOptions, runAlerts } from './main.js'
export { exampleEvent } from './webhooks/example-event.js'
export { postOnce } from './webhooks/post-once.js'
