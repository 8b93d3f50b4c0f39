import { toOutflowError } from '@outflow/errors'
import type { Log } from './log.js'
import { DUPLICATE_SIGNAL_MS, SIGNALS } from './signals.js'

/** The signals and the exit of a process; a test passes its own. */
export interface SignalSource {
  on(signal: (typeof SIGNALS)[number], listener: (signal: string) => void): unknown
  off(signal: (typeof SIGNALS)[number], listener: (signal: string) => void): unknown
  exit(code: number): void
}

/** The longest drain, ms: a third of the 30 s after which Kubernetes kills. */
const DRAIN_MS = 10_000

/**
 * Runs a service until it ends. At the first SIGTERM, SIGINT or SIGHUP `signal` aborts and the service drains.
 *
 * A drain that overruns ends the process with 1; a second SIGTERM or SIGINT, unless it is a duplicate, ends it at once. Offsets move in the
 * transaction that writes the results, so both are safe: a record that was not written is read again.
 *
 * @returns the exit code: 0 when the service completed or drained, 1 when it threw
 */
export async function runUntilSignal(
  run: (signal: AbortSignal) => Promise<void>,
  { log, source = process }: { readonly log: Log; readonly source?: SignalSource },
): Promise<0 | 1> {
  const abort = new AbortController()
  let overrun: NodeJS.Timeout | undefined
  let firstAt = 0
  const onSignal = (name: string): void => {
    if (abort.signal.aborted) {
      // A log whose reader has ended sends SIGHUP at each line.
      if (name === 'SIGHUP' || performance.now() - firstAt < DUPLICATE_SIGNAL_MS) return
      log.warn({ signal: name }, 'shutdown forced')
      source.exit(1)
      return
    }
    firstAt = performance.now()
    log.info({ signal: name, drainMs: DRAIN_MS }, 'shutdown requested')
    overrun = setTimeout(() => {
      log.error({ drainMs: DRAIN_MS }, 'shutdown overran')
      source.exit(1)
    }, DRAIN_MS)
    abort.abort()
  }
  for (const name of SIGNALS) source.on(name, onSignal)
  try {
    await run(abort.signal)
    log.info('service stopped')
    return 0
  } catch (thrown: unknown) {
    log.error({ error: toOutflowError(thrown) }, 'service failed')
    return 1
  } finally {
    clearTimeout(overrun)
    for (const name of SIGNALS) source.off(name, onSignal)
  }
}
