export { FixableError, isRetryable, OutflowError, toOutflowError, UnexpectedError, UserError } from './outflow-error.js'
export { describeTlsFailure } from './tls-failure.js'
