import { Worker } from 'node:worker_threads'
import type { CheckResult } from '@outflow/runtime'
import type { Delivery } from '@outflow/streams'

export interface Watchdog {
  begun(delivery: Delivery): void
  ended(delivery: Delivery): void
  /** Fails while a batch is overdue, such as one that cannot be written. */
  check(): CheckResult
  close(): Promise<void>
}

/** How long a batch may take before it is reported. */
const OVERDUE_MS = 30_000

/**
 * Reports batches that take more than 30 s, from a separate thread, so that a record that blocks the event loop forever is reported too.
 * The thread writes a JSON line to standard error itself, because the logger needs the event loop.
 *
 * @param options.fields     fields of every line, such as the pipeline
 * @param options.overdueMs  default 30,000
 * @param options.fd         file descriptor of the lines; default 2, standard error
 */
export function startWatchdog(options: {
  readonly fields: Readonly<Record<string, string>>
  readonly overdueMs?: number
  readonly fd?: number
}): Watchdog {
  const { fields, overdueMs = OVERDUE_MS, fd = 2 } = options
  const worker = new Worker(`(${watch})()`, { eval: true, workerData: { fields, overdueMs, fd }, execArgv: [] })
  worker.unref()
  // Batches by partition, in the order in which they began.
  const underWay = new Map<string, { readonly firstOffset: bigint; readonly sinceMs: number }>()
  return {
    begun: ({ partitionKey, topic, partition, records }) => {
      const [firstOffset, lastOffset] = [records[0]!.offset, records.at(-1)!.offset]
      underWay.set(partitionKey, { firstOffset, sinceMs: performance.now() })
      const batch = { topic, partition, firstOffset: String(firstOffset), lastOffset: String(lastOffset) }
      worker.postMessage({ partitionKey, batch })
    },
    ended: ({ partitionKey }) => {
      underWay.delete(partitionKey)
      worker.postMessage({ partitionKey, batch: null })
    },
    check: () => {
      const [oldest] = underWay
      if (oldest === undefined) return { ok: true, detail: 'all are written' }
      const [partitionKey, { firstOffset, sinceMs }] = oldest
      const ageMs = performance.now() - sinceMs
      const detail = `the batch of ${partitionKey} from offset ${firstOffset} has been under way for ${Math.round(ageMs / 1_000)} s`
      if (ageMs < overdueMs) return { ok: true, detail }
      return { ok: false, detail: `${detail}; the log has the reason: batch write retried, or batch overdue` }
    },
    close: async () => void (await worker.terminate()),
  }
}

/** The thread's program. The thread runs its source text, so it must not refer to anything outside. */
function watch(): void {
  const { parentPort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads')
  const { writeSync } = require('node:fs') as typeof import('node:fs')
  const { fields, overdueMs, fd } = workerData
  const underWay = new Map<string, { readonly batch: object; readonly sinceMs: number; reportAtMs: number }>()
  parentPort!.on('message', ({ partitionKey, batch }) => {
    const sinceMs = performance.now()
    if (batch === null) underWay.delete(partitionKey)
    else underWay.set(partitionKey, { batch, sinceMs, reportAtMs: sinceMs + overdueMs })
  })
  setInterval(() => {
    const now = performance.now()
    for (const entry of underWay.values()) {
      if (now < entry.reportAtMs) continue
      // Reports again at twice the time, at four times, and so on.
      entry.reportAtMs = entry.sinceMs + 2 * (entry.reportAtMs - entry.sinceMs)
      const tookMs = Math.round(now - entry.sinceMs)
      const line = { level: 'error', time: new Date().toISOString(), ...fields, ...entry.batch, tookMs }
      try {
        writeSync(fd, `${JSON.stringify({ ...line, msg: 'batch overdue' })}\n`)
      } catch {
        // Nobody reads standard error; an error here would end the process.
      }
    }
  }, overdueMs / 30)
}
