import type { ScoringThread } from '@outflow/detector/threaded-scorer'
import type { CheckResult } from '@outflow/runtime'
import type { Delivery } from '@outflow/streams'
import {
  BEGUN_NS,
  FIRST_OFFSET,
  LAST_OFFSET,
  NOT_UNDER_WAY,
  STATE_BYTES,
  type WatchedPartition,
  type WatchOptions,
} from './watch-batches.js'

export type Watchdog = ReturnType<typeof startWatchdog>

/** How long a batch may take before it is reported. */
const OVERDUE_MS = 30_000

/**
 * Reports batches that take more than 30 s, from the scoring thread, so that a record that blocks the event loop forever is reported too.
 * The thread writes a JSON line to standard error itself, because the logger needs the event loop. It reads the batches in progress from shared
 * memory: two messages per batch cost 5 % of the processor time of small batches.
 *
 * @param options.fields     fields of every line, such as the pipeline
 * @param options.overdueMs  default 30,000
 * @param options.fd         file descriptor of the lines; default 2, standard error
 */
export function startWatchdog(
  thread: Pick<ScoringThread, 'run'>,
  options: { readonly fields: Readonly<Record<string, string>>; readonly overdueMs?: number; readonly fd?: number },
) {
  const { fields, overdueMs = OVERDUE_MS, fd = 2 } = options
  const program = thread.run(new URL(import.meta.resolve('./watch-batches.js')))
  program.port.postMessage({ fields, overdueMs, fd } satisfies WatchOptions)
  const states = new Map<string, BigInt64Array>()
  const stateOf = ({ partitionKey, topic, partition }: Delivery): BigInt64Array => {
    const known = states.get(partitionKey)
    if (known !== undefined) return known
    const state = new BigInt64Array(new SharedArrayBuffer(STATE_BYTES))
    states.set(partitionKey, state)
    program.port.postMessage({ topic, partition, state } satisfies WatchedPartition)
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
    close: program.end,
  }
}
