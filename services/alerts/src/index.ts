export { type AlertsOptions, runAlerts } from './main.js'
