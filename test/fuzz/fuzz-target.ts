import { Worker } from 'node:worker_threads'
import type { ThreadTask } from './fuzz-thread.js'
import { randomOf } from './random.js'
import type { Failure } from './run-input.js'
import { show } from './same-value.js'
import { loadTarget } from './target.js'

export interface Outcome {
  readonly inputs: number
  readonly seconds: number
  readonly failures: readonly Failure[]
}

interface FuzzOptions extends Pick<ThreadTask, 'name' | 'folder' | 'seed'> {
  readonly seconds: number
  /** Index of the first input. Default 0. */
  readonly from?: number
  /** Maximum number of inputs. Default: no limit but the time. */
  readonly most?: number
  /**
   * Timeout of a check that does not end, after which its thread is ended. The thread itself reports a check that takes longer than its
   * target allows. Default 15,000.
   */
  readonly stuckMs?: number
}

/**
 * Checks inputs of one target in a thread until the time is over. A thread that ends or hangs is replaced by one that continues
 * after its input; after MAX_FAILURES failures the run of the target ends.
 */
export async function fuzzTarget(options: FuzzOptions): Promise<Outcome> {
  const { name, folder, seed, seconds, from = 0, most = Number.MAX_SAFE_INTEGER, stuckMs = 15_000 } = options
  const failures: Failure[] = []
  const startMs = Date.now()
  const untilMs = startMs + seconds * 1_000
  const end = from + most
  let inputs = 0
  for (let next = from; next < end && Date.now() < untilMs && failures.length < MAX_FAILURES; ) {
    const progress = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)
    const task: ThreadTask = { name, folder, seed, from: next, untilMs, most: end - next, progress }
    const broken = await runThread(task, stuckMs, failures)
    inputs += Number(new BigInt64Array(progress)[1])
    if (broken === null) break
    inputs += 1
    const target = await loadTarget(name, folder)
    failures.push({ ...broken, input: show(target.generate(randomOf(seed, name, broken.index))) })
    next = broken.index + 1
  }
  return { inputs, seconds: (Date.now() - startMs) / 1_000, failures }
}

const MAX_FAILURES = 10
const POLL_MS = 250
/** A decoder that needs more memory for a message of some kB would end a service. */
const LIMITS = { maxOldGenerationSizeMb: 1_024 }

/** `--import tsx` has no effect in a thread in Node 20. */
const THREAD = `import('${import.meta.resolve('tsx/esm/api')}').then(({ register }) => (register(), import('${new URL('./fuzz-thread.ts', import.meta.url)}')))`

/** @returns the input at which the thread ended or hung; null when it reached its end */
function runThread(task: ThreadTask, stuckMs: number, failures: Failure[]): Promise<Omit<Failure, 'input'> | null> {
  const counts = new BigInt64Array(task.progress)
  counts[0] = -1n
  const worker = new Worker(THREAD, {
    eval: true,
    workerData: task,
    execArgv: ['--conditions=source'],
    resourceLimits: LIMITS,
  })
  return new Promise((resolve, reject) => {
    let last = -1n
    let sinceMs = Date.now()
    const end = (broken: Omit<Failure, 'input'> | null) => {
      clearInterval(watchdog)
      resolve(broken)
      void worker.terminate()
    }
    const watchdog = setInterval(() => {
      const index = Atomics.load(counts, 0)
      if (index !== last) {
        last = index
        sinceMs = Date.now()
      } else if (index >= 0n && Date.now() - sinceMs > stuckMs) {
        end({ kind: 'hang', index: Number(index), message: `did not end in ${stuckMs} ms` })
      }
    }, POLL_MS)
    worker.on('message', (failure: Failure) => {
      failures.push(failure)
      if (failures.length >= MAX_FAILURES) end(null)
    })
    worker.on('error', (error) => {
      const index = Number(Atomics.load(counts, 0))
      const message = error.stack ?? String(error)
      if (index < 0) reject(new Error(`the target ${task.name} did not start or end: ${message}`, { cause: error }))
      end({ kind: 'crash', index, message })
    })
    worker.on('exit', () => end(null))
  })
}
