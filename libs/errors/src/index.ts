export { isRetryable, OutflowError, toOutflowError, UnexpectedError } from './outflow-error.js'
