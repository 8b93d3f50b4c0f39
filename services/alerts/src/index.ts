export { type AlertsOptions, runAlerts } from './main.js'
export { postOnce } from './webhooks/post-once.js'
