import { Worker } from 'node:worker_threads'
import type { CheckResult } from '@outflow/runtime'
import type { Delivery } from '@outflow/streams'

export type Watchdog = ReturnType<typeof startWatchdog>

/** How long a batch may take before it is reported. */
const OVERDUE_MS = 30_000

/**
 * Reports batches that take more than 30 s, from a separate thread, so that a record that blocks the event loop forever is reported too.
 * The thread writes a JSON line to standard error itself, because the logger needs the event loop. It reads the batches in progress from shared
 * memory: two messages per batch cost 5 % of the processor time of small batches.
 *
 * @param options.fields     fields of every line, such as the pipeline
 * @param options.overdueMs  default 30,000
 * @param options.fd         file descriptor of the lines; default 2, standard error
 */
export function startWatchdog(options: {
  readonly fields: Readonly<Record<string, string>>
  readonly overdueMs?: number
  readonly fd?: number
}) {
  const { fields, overdueMs = OVERDUE_MS, fd = 2 } = options
  const worker = new Worker(`(${watch})()`, { eval: true, workerData: { fields, overdueMs, fd }, execArgv: [] })
  worker.unref()
  const states = new Map<string, BigInt64Array>()
  const stateOf = ({ partitionKey, topic, partition }: Delivery): BigInt64Array => {
    const known = states.get(partitionKey)
    if (known !== undefined) return known
    const state = new BigInt64Array(new SharedArrayBuffer(STATE_BYTES))
    states.set(partitionKey, state)
    worker.postMessage({ topic, partition, state })
    return state
  }
  return {
    begun: (delivery: Delivery): void => {
      const state = stateOf(delivery)
      state[FIRST_OFFSET] = delivery.expectedOffset
      state[LAST_OFFSET] = delivery.nextOffset - 1n
      state[BEGUN_NS] = process.hrtime.bigint()
    },
    ended: (delivery: Delivery): void => {
      stateOf(delivery)[BEGUN_NS] = NOT_UNDER_WAY
    },
    /** Fails while a batch is overdue, such as one that cannot be written. */
    check: (): CheckResult => {
      const underWay = [...states].filter(([, state]) => state[BEGUN_NS] !== NOT_UNDER_WAY)
      if (underWay.length === 0) return { ok: true, detail: 'all are written' }
      const [partitionKey, state] = underWay.reduce((a, b) => (b[1][BEGUN_NS]! < a[1][BEGUN_NS]! ? b : a))
      const ageMs = Number(process.hrtime.bigint() - state[BEGUN_NS]!) / 1e6
      const detail = `the batch of ${partitionKey} from offset ${state[FIRST_OFFSET]} has been under way for ${Math.round(ageMs / 1_000)} s`
      if (ageMs < overdueMs) return { ok: true, detail }
      return {
        ok: false,
        detail: `${detail}; the log has the reason: schema fetch retried, batch write retried, or batch overdue`,
      }
    },
    close: async () => void (await worker.terminate()),
  }
}

/** Places of a partition's state; the time is of `process.hrtime`, which all threads share. */
const [FIRST_OFFSET, LAST_OFFSET, BEGUN_NS] = [0, 1, 2]
const STATE_BYTES = 3 * BigInt64Array.BYTES_PER_ELEMENT
const NOT_UNDER_WAY = 0n

/** The thread's program. The thread runs its source text, so it must not refer to anything outside. */
function watch(): void {
  const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const { writeSync } = require('node:fs') as typeof import('node:fs')
  const { fields, overdueMs, fd } = workerData
  const partitions: {
    topic: string
    partition: number
    state: BigInt64Array
    sinceNs: bigint
    reportAfterMs: number
  }[] = []
  parentPort!.on('message', (partition) => partitions.push({ ...partition, sinceNs: 0n, reportAfterMs: overdueMs }))
  setInterval(() => {
    for (const entry of partitions) {
      const { topic, partition, state } = entry
      const [firstOffset, lastOffset, sinceNs] = [String(state[0]), String(state[1]), state[2]!]
      if (sinceNs !== entry.sinceNs) Object.assign(entry, { sinceNs, reportAfterMs: overdueMs })
      const tookMs = Math.round(Number(process.hrtime.bigint() - sinceNs) / 1e6)
      if (sinceNs === 0n || tookMs < entry.reportAfterMs) continue
      // Reports again at twice the time, at four times, and so on.
      entry.reportAfterMs *= 2
      const batch = { topic, partition, firstOffset, lastOffset, tookMs }
      const line = { level: 'error', time: new Date().toISOString(), ...fields, ...batch, msg: 'batch overdue' }
      try {
        writeSync(fd, `${JSON.stringify(line)}\n`)
      } catch {
        // Standard error is closed; an uncaught error would end the process.
      }
    }
  }, overdueMs / 30)
}
