import { OutflowError } from '@outflow/errors'
import { DUPLICATE_SIGNAL_MS, SIGNALS } from '@outflow/runtime/signals'

/**
 * Ctrl-C, a closed terminal or a supervisor ended the command.
 * @fix Run it again.
 */
export class Interrupted extends OutflowError {
  readonly code = 'OUTFLOW_INTERRUPTED'
}

/**
 * Runs work that SIGINT, SIGTERM or SIGHUP (a closed terminal) can end: the first signal aborts the work and lets it clean up, a later
 * one ends the process at once.
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
    } else if (performance.now() - firstAt > DUPLICATE_SIGNAL_MS) process.exit(1)
  }
  for (const name of SIGNALS) process.on(name, onSignal)
  try {
    return await work(abort.signal)
  } catch (error: unknown) {
    throw abort.signal.aborted ? abort.signal.reason : error
  } finally {
    for (const name of SIGNALS) process.off(name, onSignal)
  }
}
