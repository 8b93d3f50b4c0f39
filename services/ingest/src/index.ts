export { type Event, eventReader } from './event.js'
export { type IngestOptions, runIngest } from './main.js'
