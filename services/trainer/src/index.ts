export { runTrainer } from './main.js'
