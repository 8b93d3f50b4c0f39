import { OutflowError } from '@outflow/errors'

/** The person at the terminal, or a supervisor, ended the command. */
export class Interrupted extends OutflowError {
  readonly code = 'OUTFLOW_INTERRUPTED'
}

/**
 * Runs work that can be ended by SIGINT or SIGTERM: the first aborts the signal and lets the work clean up, a second ends the
 * process as it would without us.
 *
 * @throws {Interrupted} when the work ended because of the signal
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  const onSignal = (name: NodeJS.Signals): void => abort.abort(new Interrupted(`ended by ${name}`))
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    return await work(abort.signal)
  } catch (error: unknown) {
    throw abort.signal.aborted ? abort.signal.reason : error
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
