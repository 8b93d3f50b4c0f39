import type { Rejection } from '@outflow/contracts'
import { InputInvalid, type JsonObject, makeDecoder, readRecords } from '@outflow/records'
import { describeTopics, makeKafka, readWindow, startOfLatest } from '@outflow/streams'
import { formatCount } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { openInput } from '../../open-input.js'
import { topicOfFile } from './render-config.js'

/** Enough to see what is rare, and read in a second. */
const MAX_RECORDS = 10_000

/** Records to look at, and where they came from. */
export interface Sample {
  /** What errors call the place: a path, or `topic flights`. */
  readonly name: string
  /** In words: `the first 10,000 records of flights.csv`. */
  readonly from: string
  /** The topic to watch. */
  readonly topic: string
  /** Of each partition, in its order; a file is one. */
  readonly partitions: readonly (readonly JsonObject[])[]
  /** What is to be said of the format JSON. */
  readonly formatWhy: string
  /** Whether every record has a message key. */
  readonly isKeyed: boolean
}

/**
 * Takes the first records of a file.
 *
 * @throws {FileUnavailable | InputInvalid} when it cannot be read, or holds none
 */
export async function fileRecords(path: string, signal: AbortSignal): Promise<Sample> {
  const input = await openInput(path)
  const records: JsonObject[] = []
  for await (const batch of readRecords(input)) {
    signal.throwIfAborted()
    for (const { record } of batch) records.push(record)
    if (records.length >= MAX_RECORDS) break
  }
  const which = records.length < MAX_RECORDS ? 'the' : 'the first'
  return {
    name: input.name,
    from: `${which} ${formatCount(Math.min(records.length, MAX_RECORDS))} records of ${input.name}`,
    topic: path === '-' ? 'records' : topicOfFile(path),
    partitions: [records.slice(0, MAX_RECORDS)],
    formatWhy:
      input.format === 'csv'
        ? 'a guess, as the file is CSV; lines of CSV: format: csv, and csv: { columns: [their names] }'
        : 'json, csv, avro or protobuf',
    isKeyed: false,
  }
}

/**
 * Takes a sample of the latest records of a topic, outside any pipeline's group.
 *
 * @throws {UsageError} when there is no such topic
 * @throws {InputInvalid} when it is empty, or holds no JSON
 * @throws {BrokerUnavailable | BrokerRefused}
 */
export async function topicRecords(topic: string, brokers: readonly string[], signal: AbortSignal): Promise<Sample> {
  const kafka = makeKafka({ brokers, clientId: 'outflow-init' })
  const name = `topic ${topic}`
  if (!(await describeTopics(kafka, [topic])).get(topic)) {
    throw new UsageError(`--topic ${topic}: no such topic at ${brokers.join(', ')}`)
  }
  const fromMs = await startOfLatest(kafka, [topic], MAX_RECORDS)
  const window = await readWindow(kafka, {
    ...{ topics: [topic], fromMs, maxRows: MAX_RECORDS, seed: 1 },
    ...{ skipTombstones: true, signal },
  })
  if (window.records.length === 0) throw new InputInvalid(name, null, 'it has no records')
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 16 * 1024 ** 2, csv: { delimiter: ',' } })
  // Not in the order of time over all partitions: records that a producer sends together have the same time.
  const partitions = new Map<number, JsonObject[]>()
  let rejected = 0
  let broken: Rejection | null = null
  for (const { partition, value } of window.records) {
    const decoded = decoder.decode(value)
    if ('record' in decoded) {
      const records = partitions.get(partition) ?? []
      partitions.set(partition, records)
      records.push(decoded.record)
    } else {
      rejected += 1
      broken ??= decoded
    }
  }
  const count = window.records.length
  if (broken !== null && rejected === count) {
    throw new InputInvalid(name, null, `outflow init reads JSON, and no record is JSON; ${broken.detail}`)
  }
  return {
    name,
    from: `${formatCount(count)} records, the latest or a sample of them, of ${name}`,
    topic,
    partitions: [...partitions.values()],
    formatWhy:
      rejected > 0
        ? `${formatCount(rejected)} of ${formatCount(count)} records are not, and would be dead letters`
        : 'as all records seen are',
    isKeyed: window.records.every(({ key }) => key !== null),
  }
}
