export { runTrainer, type TrainerOptions } from './main.js'
export type { TrainerProgress } from './train-once.js'
