export { FixableError, isRetryable, OutflowError, toOutflowError, UnexpectedError, UserError } from './outflow-error.js'
export { describeTlsFailure, type Trouble } from './tls-failure.js'
