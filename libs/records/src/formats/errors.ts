import { OutflowError } from '@outflow/errors'

/** The schema registry did not answer, or said that it cannot; the same question may be answered later. */
export class RegistryUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_UNAVAILABLE'
  override readonly retryable = true
}

/** The schema registry will not answer this client, or what answers is no schema registry. */
export class RegistryRefused extends OutflowError {
  readonly code = 'OUTFLOW_REGISTRY_REFUSED'
}
