import { parentPort, workerData } from 'node:worker_threads'
import { runInput } from './run-input.js'
import { loadTarget } from './target.js'

/** Data for the start of a thread. */
export interface ThreadTask {
  readonly name: string
  readonly folder?: string | undefined
  readonly seed: number
  readonly from: number
  /** Epoch ms. */
  readonly untilMs: number
  /** Maximum number of inputs. */
  readonly most: number
  /** BigInt64Array: the current input, −1 before the first; and the number of inputs so far. */
  readonly progress: SharedArrayBuffer
}

const { name, folder, seed, from, untilMs, most, progress } = workerData as ThreadTask
const counts = new BigInt64Array(progress)
const target = await loadTarget(name, folder)
await target.setUp?.()
// Checks at least one input, also if starting has taken all the time.
for (let index = from; index < from + most && (index === from || Date.now() < untilMs); index++) {
  Atomics.store(counts, 0, BigInt(index))
  const { size, failure } = await runInput(target, name, seed, index)
  Atomics.add(counts, 1, BigInt(size))
  if (failure !== null) parentPort!.postMessage(failure)
}
Atomics.store(counts, 0, -1n)
await target.tearDown?.()
