import type { Rejection } from '@outflow/contracts'
import { ScoringFailed } from '@outflow/detector'
import { OutflowError, UnexpectedError } from '@outflow/errors'
import { ValueRefused } from '@outflow/store'

/**
 * Whether an error may be caused by a record of the batch: an unexpected exception, a batch that cannot be scored, or a value that
 * Postgres rejects. Errors of the infrastructure (a broker, a login, a missing table, a thread that ended) are not.
 */
export function isRecordFault(error: unknown): boolean {
  if (!(error instanceof OutflowError)) return true
  return error instanceof UnexpectedError || error instanceof ScoringFailed || error instanceof ValueRefused
}

/** The rejection of a record that caused an error. */
export function failedRecord(error: unknown): Rejection {
  const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)]
  return { reason: 'failed', detail: `${name}: ${message.replaceAll(/\s+/g, ' ').slice(0, LONGEST_DETAIL)}` }
}

const LONGEST_DETAIL = 300
