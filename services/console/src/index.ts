export { runConsole } from './main.js'
