import type { Random } from '../fuzz/random.js'

/** A simulated process: its code ends at once when it is killed, and executes nothing while it is paused. */
export interface Process {
  readonly name: string
  isAlive: boolean
  isPaused: boolean
  /** How far its clock is ahead of the world's, ms. */
  clockAheadMs: number
  /** Open timers and requests, with their names. */
  readonly pending: Map<object, string>
  /** Events that became due while it was paused, in order. */
  readonly deferred: Event[]
  /** Called when it is killed, e.g. to close its connections. */
  readonly onKill: Set<() => void>
}

interface Event {
  atMs: number
  order: number
  /** The process whose code it runs; null: a server or the world. */
  readonly process: Process | null
  readonly run: () => void
  isCancelled: boolean
}

/** Called for each traced event, for `--trace`. */
export type Trace = (atMs: number, who: string, what: string) => void

/** When the simulated time begins, epoch ms. */
export const EPOCH_MS = Date.UTC(2026, 0, 5, 9)

/**
 * Runs a world's events one after another in the order of simulated time; those of one instant run in the order in which they were
 * scheduled. All promises that an event settles run before the next event, so a run depends only on the random numbers.
 */
export class Scheduler {
  nowMs = EPOCH_MS
  /** The process whose event runs; null: none, or a server. */
  current: Process | null = null
  events = 0
  /** In descending order: the next event is the last element. */
  readonly #queue: Event[] = []
  #order = 0
  #held = 0

  constructor(
    readonly random: Random,
    readonly trace: Trace,
  ) {}

  makeProcess(name: string): Process {
    return {
      ...{ name, isAlive: true, isPaused: false, clockAheadMs: 0 },
      ...{ pending: new Map(), deferred: [], onKill: new Set<() => void>() },
    }
  }

  /** @returns cancels the event */
  after(delayMs: number, process: Process | null, run: () => void): () => void {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, process, run, isCancelled: false }
    this.#push(event)
    return () => {
      event.isCancelled = true
    }
  }

  /** Resolves later, in an event of the process; null: of a server or the world. */
  pause(delayMs: number, process: Process | null = null): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, process, resolve))
  }

  /** Lets threads finish work that an event began, such as compression, before the next event. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1
    try {
      return await work
    } finally {
      this.#held -= 1
    }
  }

  kill(process: Process): void {
    this.trace(this.nowMs, process.name, 'is killed')
    process.isAlive = false
    for (const closed of process.onKill) closed()
  }

  resume(process: Process): void {
    process.isPaused = false
    for (const event of process.deferred.splice(0)) {
      event.atMs = this.nowMs
      event.order = this.#order++
      this.#push(event)
    }
  }

  /** Runs until `isDone`, or until nothing is left to do. */
  async run(isDone: () => boolean): Promise<void> {
    while (!isDone()) {
      const event = this.#queue.pop()
      if (event === undefined) return
      const { process, atMs } = event
      this.nowMs = atMs
      if (event.isCancelled || process?.isAlive === false) continue
      if (process?.isPaused) {
        process.deferred.push(event)
        continue
      }
      this.events += 1
      this.current = process
      event.run()
      do await new Promise(setImmediateOfNode)
      while (this.#held > 0)
      this.current = null
    }
  }

  #push(event: Event): void {
    const queue = this.#queue
    let [from, to] = [0, queue.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (isBefore(queue[middle]!, event)) to = middle
      else from = middle + 1
    }
    queue.splice(from, 0, event)
  }
}

const setImmediateOfNode = setImmediate

function isBefore(a: Event, b: Event): boolean {
  return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs
}
