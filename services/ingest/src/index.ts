export { type IngestOptions, runIngest } from './main.js'
