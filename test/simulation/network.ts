import type { Process, Scheduler } from './scheduler.js'

/** Faults of connections: each affects one in this many requests; 0: none. */
export interface NetworkFaults {
  /** The request, or its answer, takes up to a minute. */
  readonly late: number
  /** The connection breaks before the request arrives. */
  readonly requestLost: number
  /** The connection breaks after the request was served. */
  readonly answerLost: number
}

interface ConnectionOptions {
  readonly name: string
  readonly faults: NetworkFaults
  readonly timeoutMs: number
  readonly onTimeout: (what: string) => Error
  readonly onBroken: () => Error
  /** Called in the process when the connection broke, not when the process closed it. */
  readonly onClosed?: () => void
  /** Called at the server when the connection has ended and all requests sent on it are served. */
  readonly onEnded?: () => void
}

const LATE_MS = [100, 800, 4_000, 12_000, 40_000, 60_000]

/**
 * A connection of a process to a server. Requests arrive in order and are served one at a time, as at a Kafka broker and at a
 * Postgres session. Requests that were sent before the connection broke or the process was killed may still arrive.
 */
export class Connection {
  isOpen = true
  #arrivesMs = 0
  #served: Promise<void> = Promise.resolve()
  readonly #waiting = new Set<(error: Error) => void>()
  readonly #onKill = () => this.#end()

  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: Process,
    private readonly options: ConnectionOptions,
  ) {
    process.onKill.add(this.#onKill)
  }

  /** @throws errors that `serve` throws at the server, and errors of the connection */
  request<T>(what: string, serve: () => T | Promise<T>): Promise<T> {
    const { scheduler, process } = this
    const { name, faults, timeoutMs, onTimeout, onBroken } = this.options
    if (!this.isOpen) return Promise.reject(onBroken())
    const { random } = scheduler
    const trace = (end: string) => scheduler.trace(scheduler.nowMs, process.name, `${name} ${what} ${end}`)
    const strikes = (oneIn: number) => oneIn > 0 && random.oneIn(oneIn)
    const latencyMs = () =>
      random.pick([0, 1, 1, 2, 5]) + (strikes(faults.late) ? random.below(random.pick(LATE_MS)) : 0)
    return new Promise<T>((resolve, reject) => {
      const settle = (act: () => void) => {
        cancelTimeout()
        process.pending.delete(fail)
        if (this.#waiting.delete(fail)) act()
      }
      const fail = (error: Error) => settle(() => reject(error))
      this.#waiting.add(fail)
      process.pending.set(fail, `${name} ${what}`)
      const cancelTimeout = scheduler.after(timeoutMs, process, () => {
        trace('timed out')
        fail(onTimeout(what))
      })
      if (strikes(faults.requestLost)) {
        trace('lost')
        scheduler.after(latencyMs(), process, () => this.break())
        return
      }
      const isAnswerLost = strikes(faults.answerLost)
      this.#arrivesMs = Math.max(this.#arrivesMs, scheduler.nowMs + latencyMs())
      const arrived = scheduler.pause(this.#arrivesMs - scheduler.nowMs)
      this.#served = this.#served.then(async () => {
        await arrived
        const answer = await outcomeOf(serve)
        trace('error' in answer ? `fails: ${answer.error.message}` : isAnswerLost ? 'done, answer lost' : 'done')
        if (isAnswerLost) scheduler.after(latencyMs(), process, () => this.break())
        else {
          const give = () => settle(() => ('error' in answer ? reject(answer.error) : resolve(answer.result)))
          scheduler.after(latencyMs(), process, give)
        }
      })
    })
  }

  /** Breaks the connection: open requests fail. */
  break(): void {
    if (!this.isOpen) return
    this.close()
    this.options.onClosed?.()
  }

  /** The server closes it: the process is notified after some ms, or when it is resumed. */
  breakFromAfar(): void {
    this.scheduler.after(this.scheduler.random.below(5), this.process, () => this.break())
  }

  /** Closes it from the process's side. */
  close(): void {
    if (!this.isOpen) return
    this.#end()
    for (const fail of [...this.#waiting]) fail(this.options.onBroken())
  }

  #end(): void {
    this.isOpen = false
    this.process.onKill.delete(this.#onKill)
    const { onEnded } = this.options
    if (onEnded) void this.#served.then(() => this.scheduler.after(this.scheduler.random.below(20), null, onEnded))
  }
}

async function outcomeOf<T>(serve: () => T | Promise<T>): Promise<{ result: T } | { error: Error }> {
  try {
    return { result: await serve() }
  } catch (error: unknown) {
    return { error: error as Error }
  }
}
