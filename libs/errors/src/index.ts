export { FixableError, isRetryable, OutflowError, toOutflowError, UnexpectedError, UserError } from './outflow-error.js'
export { describeTlsFailure, withCaFix } from './tls-failure.js'
