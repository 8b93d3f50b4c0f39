import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { makeSample } from '@outflow/records'
import type { Admin, EachBatchPayload } from 'kafkajs'
import { endsOf, withAdmin } from '../admin.js'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, toBrokerError, withBrokerErrors } from '../errors.js'
import { topicsOf } from '../sending/producer.js'
import { copyRecord, fetchedOffset, isTombstone, partitionKeyOf, toRecord, type WindowRecord } from './delivery.js'

interface WindowOptions {
  readonly topics: readonly string[]
  /** Kafka's record time from which to read, epoch ms. */
  readonly fromMs: number
  /** A larger window is sampled uniformly. */
  readonly maxRows: number
  /** The same seed and window yield the same sample. */
  readonly seed: number
  /** Called after each fetched batch with the number of offsets read so far. */
  readonly onProgress?: (read: number) => void
  /** Leaves out the records without a value; default: false. */
  readonly skipTombstones?: boolean
  readonly signal?: AbortSignal | undefined
}

export interface Window<Kept = WindowRecord> {
  /** Sorted by topic, partition and offset. */
  readonly records: readonly Kept[]
  /** Records in the window before sampling. */
  readonly seen: number
  /** Whether the beginning of the window has been deleted from a topic, because its retention is shorter. */
  readonly isCutShort: boolean
}

/** The range of a partition to read. */
interface Range {
  readonly topic: string
  readonly partition: number
  readonly start: bigint
  readonly end: bigint
  /** Whether records before `start` were deleted, which may include some of the window. */
  readonly isCutShort: boolean
  next: bigint
}

// Retention may delete the rest of a range during the read, and then no batch reaches its end. Joining
// a new group takes at most a second or two.
const STALLED_MS = 20_000

/**
 * Reads the records of topics from a time on, once and outside any pipeline's group, and returns a uniform sample.
 *
 * @throws {BrokerUnavailable | BrokerRefused}; the signal's reason when it aborts
 */
export function readWindow(kafka: KafkaConnection, options: WindowOptions): Promise<Window> {
  return sampleWindow(kafka, { ...options, prepare: async () => {}, keep: copyRecord })
}

export interface SampleOptions<Kept> extends WindowOptions {
  /** Awaited before the records of a batch are kept. */
  readonly prepare: (records: readonly WindowRecord[]) => Promise<void>
  /** Returns the value to keep for a sampled record; it must not refer to the record's bytes. */
  readonly keep: (record: WindowRecord) => Kept
  /**
   * If set, `keep` is called for every record, sampled or not, and for the records of this time before the window, each partition's in
   * order of offsets. Default: only for sampled records.
   */
  readonly aheadMs?: number
}

/** Like `readWindow`, but returns the result of `keep` for each sampled record. */
export async function sampleWindow<Kept>(kafka: KafkaConnection, options: SampleOptions<Kept>): Promise<Window<Kept>> {
  const { fromMs, maxRows, seed, prepare, keep, aheadMs } = options
  const sample = makeSample(
    maxRows,
    seed,
    (record: WindowRecord & { readonly kept?: Kept }) => record.kept ?? keep(record),
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
  const { isCutShort } = await scanWindow(kafka, options, take)
  return { records: sample.records(), seen, isCutShort }
}

interface ScanOptions extends Pick<WindowOptions, 'topics' | 'fromMs' | 'onProgress' | 'skipTombstones' | 'signal'> {
  /** Also reads the records of this time before the window, whose deletion does not cut it short. Default: 0. */
  readonly aheadMs?: number
}

/**
 * Passes every record of topics from a time on to `visit`, batch by batch, each partition's in order of offsets, up to the end of
 * the partition at the time of the call; outside any pipeline's group. If timestamps are not ascending, some records are earlier.
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
    const { topics, fromMs, aheadMs = 0 } = options
    const window = await rangesOf(admin, options)
    const ranges = aheadMs === 0 ? window : await rangesOf(admin, { topics, fromMs: fromMs - aheadMs })
    const open = ranges.filter(({ start, end }) => start < end)
    const isCutMeanwhile = open.length > 0 && (await readRanges(kafka, admin, open, visit, options))
    return { isCutShort: isCutMeanwhile || window.some((range) => range.isCutShort) }
  })
}

interface OffsetRange {
  readonly topic: string
  readonly partition: number
  readonly from: bigint
  /** Exclusive. */
  readonly to: bigint
}

/**
 * Passes the records of one partition between two offsets to `visit`, as `scanWindow` does.
 *
 * @returns `isCutShort`: records of the range have been deleted
 * @throws as `scanWindow`
 */
export function scanOffsets(
  kafka: KafkaConnection,
  { topic, partition, from, to, signal }: OffsetRange & Pick<WindowOptions, 'signal'>,
  visit: (records: readonly WindowRecord[]) => Promise<void>,
): Promise<Pick<Window, 'isCutShort'>> {
  return withAdmin(kafka, async (admin) => {
    const ends = (await endsOf(admin, topic)).find((own) => own.partition === partition)
    // The topic was created again with fewer partitions.
    if (ends === undefined) return { isCutShort: true }
    const start = ends.earliest < from ? from : ends.earliest
    const end = to < ends.end ? to : ends.end
    const range = { topic, partition, start, end, isCutShort: start > from, next: start }
    const isCutMeanwhile = start < end && (await readRanges(kafka, admin, [range], visit, { signal }))
    return { isCutShort: isCutMeanwhile || range.isCutShort }
  })
}

/**
 * Counts the offsets of topics from a time on, without reading records. The count includes deleted records of compacted
 * topics and transaction markers.
 *
 * @throws {BrokerUnavailable | BrokerRefused}
 */
export function countWindow(kafka: KafkaConnection, window: Pick<WindowOptions, 'topics' | 'fromMs'>): Promise<number> {
  return withAdmin(kafka, async (admin) => {
    const ranges = await rangesOf(admin, window)
    return ranges.reduce((sum, { start, end }) => sum + Math.max(0, Number(end - start)), 0)
  })
}

/**
 * Timestamps may not be ascending: reading begins at the first offset whose timestamp is at or after `fromMs`. Kafka reads a negative
 * time as the end of the topic, or rejects it.
 */
async function rangesOf(
  admin: Admin,
  { topics, fromMs }: Pick<WindowOptions, 'topics' | 'fromMs'>,
): Promise<readonly Range[]> {
  const ranges: Range[] = []
  // One by one, as in `partitionEnds`.
  for (const topic of topics) ranges.push(...(await rangesOfTopic(admin, topic, fromMs)))
  return ranges
}

async function rangesOfTopic(admin: Admin, topic: string, fromMs: number): Promise<Range[]> {
  // Not concurrently: if another answer changes the list of partitions meanwhile, kafkajs throws a TypeError.
  const starts = await withBrokerErrors(() => admin.fetchTopicOffsetsByTimestamp(topic, Math.max(0, fromMs)), {
    topics: [topic],
  })
  return (await endsOf(admin, topic)).map(({ partition, earliest, end }) => {
    // A partition that was added between the two requests has no start.
    const start = BigInt(starts.find((found) => found.partition === partition)?.offset ?? earliest)
    return { topic, partition, start, end, isCutShort: earliest > 0n && start <= earliest, next: start }
  })
}

/**
 * kafkajs cannot read without a group, so a temporary group is created and deleted.
 *
 * @returns whether records were deleted before they were read
 */
async function readRanges(
  kafka: KafkaConnection,
  admin: Admin,
  ranges: readonly Range[],
  visit: (records: readonly WindowRecord[]) => Promise<void>,
  { onProgress, skipTombstones, signal }: Pick<WindowOptions, 'onProgress' | 'skipTombstones' | 'signal'>,
): Promise<boolean> {
  const groupId = `outflow-window-${randomUUID()}`
  const consumer = kafka.kafkajs.consumer({
    groupId,
    maxWaitTimeInMs: 200,
    maxBytesPerPartition: 4 * 1024 ** 2,
    retry: { retries: 6, restartOnFailure: async () => false },
  })
  const topics = topicsOf(ranges)
  let isCutMeanwhile = false
  const finish = new AbortController()
  const fail = new AbortController()
  const rangeOf = (topic: string, partition: number) =>
    ranges.find((range) => range.topic === topic && range.partition === partition)
  const stalled = setTimeout(() => {
    const left = ranges.filter(({ next, end }) => next < end).map(partitionKeyOf)
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
    onProgress?.(ranges.reduce((sum, { start, next }) => sum + Number(next - start), 0))
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
    // kafkajs continues at the first record if the offset to be read has been deleted.
    if (fetchedOffset(batch) > range.next) isCutMeanwhile = true
    const records = batch.messages.map((message) => ({ topic, partition, ...toRecord(message) }))
    await visit(
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
    await consumer.subscribe({ topics, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch })
    if (!outcome.aborted) await once(outcome, 'abort')
    signal?.throwIfAborted()
    fail.signal.throwIfAborted()
    return isCutMeanwhile
  } catch (thrown: unknown) {
    throw toBrokerError(thrown, { groupId, topics })
  } finally {
    // A batch in progress starts it again.
    await consumer.disconnect().finally(() => clearTimeout(stalled))
    // Kafka would remove a group without members and offsets later; until then it would show in the list of groups.
    await admin.deleteGroups([groupId]).catch(() => {})
  }
}
