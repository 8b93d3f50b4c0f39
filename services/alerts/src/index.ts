export { runAlerts } from './main.js'
