export { applyRetention, type Retention } from './retention.js'
