import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import { EPOCH_MS, type Process, type Scheduler } from './scheduler.js'

/**
 * Replaces timers, time and random numbers for the code of simulated processes. Events run one at a time, so the running process is
 * always determined. Other code in this process, such as the test runner, keeps the real ones.
 *
 * The product uses the clock and timers of the runtime in about forty places. Passing them in would need forty parameters that
 * have one value in production.
 *
 * @returns restores the real ones
 */
export function replaceRuntime(scheduler: Scheduler): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    random: Math.random,
    now: Date.now,
    elapsed: performance.now,
    sleep: timersPromises.setTimeout,
    getRandomValues: globalThis.crypto.getRandomValues,
  }
  const nowOf = (process: Process) => scheduler.nowMs + process.clockAheadMs

  const timerOf =
    (realOne: typeof globalThis.setTimeout | typeof globalThis.setInterval, isRepeated: boolean) =>
    (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): unknown => {
      const { current } = scheduler
      if (current === null) return realOne(callback, delayMs, ...args)
      return new SimulatedTimer(scheduler, current, () => callback(...args), Math.max(1, delayMs ?? 1), isRepeated)
    }
  const clearOf = (realOne: (timer?: never) => void) => (timer: unknown) => {
    if (timer instanceof SimulatedTimer) timer.cancel()
    else realOne(timer as never)
  }
  const sleep = (delayMs?: number, value?: unknown, options: { readonly signal?: AbortSignal } = {}) => {
    const { current } = scheduler
    if (current === null) return real.sleep(delayMs, value, options)
    return new Promise((resolve, reject) => {
      const { signal } = options
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        timer.cancel()
        reject(signal!.reason)
      }
      const wake = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve(value)
      }
      const timer = new SimulatedTimer(scheduler, current, wake, Math.max(1, delayMs ?? 1), false)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  Object.assign(globalThis, {
    setTimeout: timerOf(real.setTimeout, false),
    setInterval: timerOf(real.setInterval, true),
    clearTimeout: clearOf(real.clearTimeout),
    clearInterval: clearOf(real.clearInterval),
  })
  Math.random = () => (scheduler.current === null ? real.random() : scheduler.random.below(RANDOM_STEPS) / RANDOM_STEPS)
  Date.now = () => (scheduler.current === null ? real.now() : nowOf(scheduler.current))
  // Monotonic: setting the clock does not change it.
  performance.now = () => (scheduler.current === null ? real.elapsed.call(performance) : scheduler.nowMs - EPOCH_MS)
  globalThis.crypto.getRandomValues = (bytes) => {
    if (scheduler.current === null) return real.getRandomValues.call(globalThis.crypto, bytes) as typeof bytes
    const view = bytes as unknown as Uint8Array
    for (let place = 0; place < view.length; place++) view[place] = scheduler.random.below(256)
    return bytes
  }
  replaceSleep(sleep as typeof real.sleep)
  return () => {
    const { random, now, elapsed, sleep: realSleep, getRandomValues, ...timers } = real
    Object.assign(globalThis, timers)
    Math.random = random
    Date.now = now
    performance.now = elapsed
    globalThis.crypto.getRandomValues = getRandomValues
    replaceSleep(realSleep)
  }
}

const RANDOM_STEPS = 1_000_000

function replaceSleep(sleep: typeof timersPromises.setTimeout): void {
  timersPromises.setTimeout = sleep
  // Otherwise modules that import it by name keep the real one.
  syncBuiltinESMExports()
}

/** What `setTimeout` and `setInterval` return in a simulated process. */
class SimulatedTimer {
  #cancel: () => void = () => {}

  constructor(
    private readonly scheduler: Scheduler,
    private readonly process: Process,
    private readonly callback: () => void,
    private readonly delayMs: number,
    private readonly isRepeated: boolean,
  ) {
    this.refresh()
  }

  refresh(): this {
    this.cancel()
    this.process.pending.set(this, `timer of ${this.delayMs} ms`)
    this.#cancel = this.scheduler.after(this.delayMs, this.process, () => {
      this.process.pending.delete(this)
      if (this.isRepeated) this.refresh()
      this.callback()
    })
    return this
  }

  cancel(): void {
    this.process.pending.delete(this)
    this.#cancel()
  }

  unref(): this {
    return this
  }
}
