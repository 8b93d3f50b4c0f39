import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { makeSample } from '@outflow/records'
import type { Admin, EachBatchPayload } from 'kafkajs'
import { endsOf, withAdmin } from './admin.js'
import { copyRecord, isTombstone, toRecord, type WindowRecord } from './delivery.js'
import { BrokerUnavailable } from './errors.js'
import type { KafkaConnection } from './kafka.js'

export interface WindowOptions {
  readonly topics: readonly string[]
  /** Kafka's record time from which records are read, epoch ms. */
  readonly fromMs: number
  /** A larger window is sampled uniformly. */
  readonly maxRows: number
  /** Records count less with their age; default: all of the window alike. `fewest` are read however old they are. */
  readonly decay?: { readonly halfLifeMs: number; readonly fewest: number }
  /** The same seed and window give the same sample. */
  readonly seed: number
  /** Offsets passed so far and to pass; called after each fetched batch. */
  readonly onProgress?: (progress: { readonly read: number; readonly expected: number }) => void
  /** Leaves out the records without a value; default: false. */
  readonly skipTombstones?: boolean
  readonly signal?: AbortSignal
}

export interface Window<Kept = WindowRecord> {
  /** By topic, partition and offset. */
  readonly records: readonly Kept[]
  /** Records in the window before sampling. */
  readonly seen: number
  /** Whether a topic no longer holds the beginning of the window: its retention is shorter. */
  readonly isCutShort: boolean
}

/** What is still to be read of a partition. */
interface Range {
  readonly topic: string
  readonly partition: number
  readonly start: bigint
  readonly end: bigint
  /** Whether records before `start` were deleted, and with them perhaps some of the window. */
  readonly isCutShort: boolean
  next: bigint
}

// Retention may delete the rest of a range under our hands, and then no batch reaches its end. Joining
// a group of its own takes a second or two at most.
const STALLED_MS = 20_000

/**
 * Reads what topics hold from a time on, once and outside any pipeline's group, and gives a uniform sample of it.
 *
 * @throws {BrokerUnavailable | BrokerRefused}; the signal's reason when it aborts
 */
export function readWindow(kafka: KafkaConnection, options: WindowOptions): Promise<Window> {
  return sampleWindow(kafka, { ...options, prepare: async () => {}, keep: copyRecord })
}

export interface SampleOptions<Kept> extends WindowOptions {
  /** Awaited before the records of a batch are kept. */
  readonly prepare: (records: readonly WindowRecord[]) => Promise<void>
  /** Gives what is kept of a sampled record; it must not refer to the record's bytes. */
  readonly keep: (record: WindowRecord) => Kept
  /**
   * `keep` is called for every record, sampled or not, each partition's in the order of offsets, and for those of so long before the
   * window; default: for sampled records alone.
   */
  readonly aheadMs?: number
}

/** Like `readWindow`, and keeps of each sampled record what `keep` returns. */
export async function sampleWindow<Kept>(kafka: KafkaConnection, options: SampleOptions<Kept>): Promise<Window<Kept>> {
  const { fromMs, maxRows, seed, decay, prepare, keep, aheadMs } = options
  const sample = makeSample(
    maxRows,
    seed,
    (record: WindowRecord & { readonly kept?: Kept }) => record.kept ?? keep(record),
    decay && { ...decay, latestMs: Date.now() },
  )
  let seen = 0
  const takeOne = (record: WindowRecord) => {
    const kept = aheadMs === undefined ? undefined : keep(record)
    if (record.timestampMs < fromMs) return
    seen += 1
    sample.add(kept === undefined ? record : { ...record, kept })
  }
  const take = async (records: readonly WindowRecord[]) => {
    await prepare(records)
    records.forEach(takeOne)
  }
  const { isCutShort } = await scanWindow(kafka, { ...options, fromMs: fromMs - (aheadMs ?? 0) }, take)
  return { records: sample.records(), seen, isCutShort }
}

export type ScanOptions = Pick<WindowOptions, 'topics' | 'fromMs' | 'onProgress' | 'skipTombstones' | 'signal'>

/**
 * Passes every record of topics from a time on to `visit`, batch by batch, each partition's in the order of offsets, up to what
 * stands there when the call begins; outside any pipeline's group. Where producers' timestamps do not ascend some are earlier.
 *
 * @param visit  awaited before the next batch of the partition is read
 * @throws {BrokerUnavailable | BrokerRefused}; the signal's reason when it aborts; what `visit` throws
 */
export function scanWindow(
  kafka: KafkaConnection,
  options: ScanOptions,
  visit: (records: readonly WindowRecord[]) => Promise<void>,
): Promise<Pick<Window, 'isCutShort'>> {
  return withAdmin(kafka, async (admin) => {
    const { topics, fromMs } = options
    const ranges = (await Promise.all(topics.map((topic) => rangesOf(admin, topic, fromMs)))).flat()
    const open = ranges.filter(({ start, end }) => start < end)
    if (open.length > 0) await readRanges(kafka, admin, open, visit, options)
    return { isCutShort: ranges.some((range) => range.isCutShort) }
  })
}

/**
 * Counts what stands in the topics from a time on, without reading it: offsets, and so also deleted records of compacted
 * topics and marks of transactions.
 *
 * @throws {BrokerUnavailable | BrokerRefused}
 */
export function countWindow(
  kafka: KafkaConnection,
  { topics, fromMs }: Pick<WindowOptions, 'topics' | 'fromMs'>,
): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const ranges = (await Promise.all(topics.map((topic) => rangesOf(admin, topic, fromMs)))).flat()
    return ranges.reduce((sum, { start, end }) => sum + Math.max(0, Number(end - start)), 0)
  })
}

/** Timestamps need not ascend: the first offset at or after `fromMs` is where to begin, every record is looked at. */
async function rangesOf(admin: Admin, topic: string, fromMs: number): Promise<Range[]> {
  const [ends, starts] = await Promise.all([endsOf(admin, topic), admin.fetchTopicOffsetsByTimestamp(topic, fromMs)])
  return ends.map(({ partition, earliest, end }) => {
    const start = BigInt(starts.find((found) => found.partition === partition)!.offset)
    return { topic, partition, start, end, isCutShort: earliest > 0n && start <= earliest, next: start }
  })
}

/** kafkajs cannot read without a group: one of our own is made, sought through, and deleted. */
async function readRanges(
  kafka: KafkaConnection,
  admin: Admin,
  ranges: readonly Range[],
  take: (records: readonly WindowRecord[]) => Promise<void>,
  { onProgress, skipTombstones, signal }: Pick<WindowOptions, 'onProgress' | 'skipTombstones' | 'signal'>,
): Promise<void> {
  const groupId = `outflow-window-${randomUUID()}`
  const consumer = kafka.kafkajs.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 4 * 1024 ** 2,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 6, restartOnFailure: async () => false },
  })
  const finish = new AbortController()
  const fail = new AbortController()
  const expected = ranges.reduce((sum, { start, end }) => sum + Number(end - start), 0)
  const rangeOf = (topic: string, partition: number) =>
    ranges.find((range) => range.topic === topic && range.partition === partition)
  const stalled = setTimeout(() => {
    const left = ranges.filter(({ next, end }) => next < end).map(({ topic, partition }) => `${topic}/${partition}`)
    fail.abort(
      new BrokerUnavailable(`reading ${left.join(', ')} did not advance for ${STALLED_MS} ms; read it again`, {
        values: { left },
      }),
    )
  }, STALLED_MS)

  const pass = (range: Range, next: bigint) => {
    if (next <= range.next) return
    stalled.refresh()
    range.next = next < range.end ? next : range.end
    onProgress?.({ read: ranges.reduce((sum, { start, next }) => sum + Number(next - start), 0), expected })
    if (ranges.every(({ next, end }) => next >= end)) finish.abort()
  }

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      for (const partition of partitions) {
        const range = rangeOf(topic, partition)
        if (range) consumer.seek({ topic, partition, offset: String(range.next) })
        else consumer.pause([{ topic, partitions: [partition] }])
      }
    }
  })
  // Batches of transaction markers alone never reach eachBatch; this event covers them too.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { topic, partition, lastOffset } }) => {
    const range = rangeOf(topic, partition)
    if (range) pass(range, BigInt(lastOffset) + 1n)
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => fail.abort(payload.error))

  const eachBatch = async ({ batch, resolveOffset, heartbeat, isStale }: EachBatchPayload) => {
    const { topic, partition } = batch
    const range = rangeOf(topic, partition)
    if (!range || isStale() || finish.signal.aborted) return
    const records = batch.messages.map((message) => ({ topic, partition, ...toRecord(message) }))
    await take(
      records.filter(
        (record) =>
          record.offset >= range.next && record.offset < range.end && !(skipTombstones && isTombstone(record)),
      ),
    )
    pass(range, BigInt(batch.lastOffset()) + 1n)
    if (range.next >= range.end) consumer.pause([{ topic, partitions: [partition] }])
    resolveOffset(batch.messages.at(-1)!.offset)
    await heartbeat()
  }

  try {
    const outcome = AbortSignal.any([finish.signal, fail.signal, ...(signal ? [signal] : [])])
    await consumer.connect()
    await consumer.subscribe({ topics: [...new Set(ranges.map(({ topic }) => topic))], fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch })
    if (!outcome.aborted) await once(outcome, 'abort')
    signal?.throwIfAborted()
    fail.signal.throwIfAborted()
  } finally {
    clearTimeout(stalled)
    await consumer.disconnect()
    // Kafka would remove a group without members and offsets later; until then it would show in the list of groups.
    await admin.deleteGroups([groupId]).catch(() => {})
  }
}
