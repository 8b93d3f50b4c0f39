export { runIngest } from './main.js'
