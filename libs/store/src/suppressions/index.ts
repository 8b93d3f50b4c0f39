export { addSuppression, listSuppressions, removeSuppression, type Suppression } from './suppressions.js'
