import { OutflowError } from '@outflow/errors'

/**
 * Ctrl-C or a supervisor ended the command.
 * @fix Run it again.
 */
export class Interrupted extends OutflowError {
  readonly code = 'OUTFLOW_INTERRUPTED'
}

/**
 * Npm and `timeout` pass a signal on that the terminal or they themselves have sent to the whole group already: what comes so
 * soon after the first is the same request.
 */
const SAME_WISH_MS = 1_000

/**
 * Runs work that can be ended by SIGINT or SIGTERM: the first aborts the signal and lets the work clean up, another one later
 * ends the process at once.
 *
 * @throws {Interrupted} when the work ended because of the signal
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController()
  let firstAt = 0
  const onSignal = (name: NodeJS.Signals): void => {
    if (!abort.signal.aborted) {
      firstAt = performance.now()
      abort.abort(new Interrupted(`ended by ${name}`))
    } else if (performance.now() - firstAt > SAME_WISH_MS) process.exit(1)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    return await work(abort.signal)
  } catch (error: unknown) {
    throw abort.signal.aborted ? abort.signal.reason : error
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
