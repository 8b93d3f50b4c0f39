export { featureName, featurePath, needsWholeWindow } from './feature.js'
export { PARTITION } from './partition.js'
export {
  columnOfSteps,
  emptyRecord,
  formatPath,
  nameOfPath,
  parsePath,
  putAt,
  type Step,
  stepsOfColumn,
} from './path.js'
export { fromLocal, toLocal } from './time-zone.js'
