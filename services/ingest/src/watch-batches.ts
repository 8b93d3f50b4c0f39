import { writeSync } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'

/** The first message to the program. */
export interface WatchOptions {
  /** Fields of every line. */
  readonly fields: Readonly<Record<string, string>>
  readonly overdueMs: number
  /** File descriptor of the lines. */
  readonly fd: number
}

/** Each later message. */
export interface WatchedPartition {
  readonly topic: string
  readonly partition: number
  /** The batch in progress, in shared memory. */
  readonly state: BigInt64Array
}

/** Places in the state; the time is of `process.hrtime`, which all threads share. */
export const [FIRST_OFFSET, LAST_OFFSET, BEGUN_NS] = [0, 1, 2] as const
export const STATE_BYTES = 3 * BigInt64Array.BYTES_PER_ELEMENT
export const NOT_UNDER_WAY = 0n

/** The watchdog's program in the scoring thread: writes a line for each batch that is overdue, until the port closes. */
export function run(port: MessagePort): void {
  port.once('message', (options: WatchOptions) => watch(port, options))
}

function watch(port: MessagePort, { fields, overdueMs, fd }: WatchOptions): void {
  const partitions: (WatchedPartition & { sinceNs: bigint; reportAfterMs: number })[] = []
  port.on('message', (partition: WatchedPartition) =>
    partitions.push({ ...partition, sinceNs: NOT_UNDER_WAY, reportAfterMs: overdueMs }),
  )
  const timer = setInterval(() => {
    for (const entry of partitions) {
      const { topic, partition, state } = entry
      const sinceNs = state[BEGUN_NS]!
      if (sinceNs !== entry.sinceNs) Object.assign(entry, { sinceNs, reportAfterMs: overdueMs })
      const tookMs = Math.round(Number(process.hrtime.bigint() - sinceNs) / 1e6)
      if (sinceNs === NOT_UNDER_WAY || tookMs < entry.reportAfterMs) continue
      // Reports again at twice the time, at four times, and so on.
      entry.reportAfterMs *= 2
      const [firstOffset, lastOffset] = [String(state[FIRST_OFFSET]), String(state[LAST_OFFSET])]
      const batch = { topic, partition, firstOffset, lastOffset, tookMs }
      const line = { level: 'error', time: new Date().toISOString(), ...fields, ...batch, msg: 'batch overdue' }
      try {
        writeSync(fd, `${JSON.stringify(line)}\n`)
      } catch {
        // Standard error is closed; an uncaught error would end the thread.
      }
    }
  }, overdueMs / 30)
  port.once('close', () => clearInterval(timer))
}
