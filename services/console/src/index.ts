export { type ConsoleOptions, runConsole } from './main.js'
