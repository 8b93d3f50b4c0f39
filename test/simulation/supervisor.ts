import type { Process } from './scheduler.js'
import type { Program, Surroundings } from './services.js'

/** A service under supervision: it is started again whenever it ends. */
export interface Supervised {
  readonly name: string
  /** The running process, or the last one. */
  readonly process: Process
  readonly isRunning: boolean
  /** Stops it gently; it is started again. */
  stop(): void
  stopForGood(): void
  kill(): void
}

const RESTART_MS = 1_000
// After this time a stop no longer waits for a broker that does not answer.
const DRAIN_MS = 8_000
// A stop does not wait for reads, nor for the pauses of kafkajs before it retries them.
const READS =
  /^(timer of \d{1,3}(\.\d+)? ms|kafka (connect|metadata|listOffsets|topic ids|fetch|findGroupCoordinator)|postgres (connect|stored_positions))/

export function supervise(surroundings: Surroundings, name: string, program: Program): Supervised {
  const { scheduler, violated } = surroundings
  let process = scheduler.makeProcess(`${name}.0`)
  let abort = new AbortController()
  let starts = 0
  let isWanted = true
  let askedAtMs = 0

  const isUp = () => process.isAlive && starts > 0
  const restart = () => scheduler.after(RESTART_MS, null, start)
  const start = () => {
    if (!isWanted) return
    const own = scheduler.makeProcess(`${name}.${++starts}`)
    const ended = new AbortController()
    process = own
    abort = ended
    scheduler.after(0, own, () => {
      scheduler.trace(scheduler.nowMs, own.name, 'starts')
      program(surroundings, own, ended.signal).then(
        () => {
          if (!ended.signal.aborted) violated(`${own.name} ended without being asked to`)
          exit(own)
        },
        (error: Error) => {
          violated(`${own.name} failed: ${error.stack}`)
          exit(own)
        },
      )
    })
  }
  const exit = (own: Process) => {
    const pending = [...own.pending.values()].filter((what) => !READS.test(what))
    if (pending.length > 0 && scheduler.nowMs < askedAtMs + DRAIN_MS)
      violated(`${own.name} has ended before its ${pending.join(', ')}`)
    scheduler.trace(scheduler.nowMs, own.name, 'ends')
    own.isAlive = false
    restart()
  }
  const stop = () => {
    const { signal } = abort
    const own = process
    scheduler.trace(scheduler.nowMs, own.name, 'is asked to stop')
    scheduler.after(0, own, () => {
      if (signal.aborted) return
      askedAtMs = scheduler.nowMs
      abort.abort()
    })
  }
  scheduler.after(scheduler.random.below(500), null, start)
  return {
    name,
    get process() {
      return process
    },
    get isRunning() {
      return isWanted || isUp()
    },
    stop,
    stopForGood: () => {
      isWanted = false
      if (isUp()) stop()
    },
    kill: () => {
      if (!isUp()) return
      scheduler.kill(process)
      restart()
    },
  }
}
