import type { Config, Connection, Rejection } from '@outflow/contracts'
import { InputInvalid, type JsonObject, makeDecoder, readRecords } from '@outflow/records'
import {
  countWindow,
  describeTopics,
  type KafkaConnection,
  makeKafka,
  readWindow,
  startOfLatest,
  type WindowRecord,
} from '@outflow/streams'
import { formatCount, formatCounted } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { openInput } from '../../files/open-input.js'
import type { Silence } from './propose.js'
import { type Origin, topicOfFile } from './render-config.js'

/** Enough records to show rare values, and read in a second. */
const MAX_RECORDS = 10_000

/** Sampled records, and their origin. */
interface Sample extends Omit<Origin, 'connection'> {
  /** Name of the origin in error messages: a path, or `topic flights`. */
  readonly name: string
  /** Records of each partition, in its order; a file counts as one partition. */
  readonly partitions: readonly (readonly JsonObject[])[]
  /** Whether lists are columns of CSV. */
  readonly withLists: boolean
}

/**
 * Takes the first records of a file.
 *
 * @throws {FileUnavailable | InputInvalid} when it cannot be read, or holds none
 */
export async function fileRecords(path: string, signal: AbortSignal): Promise<Sample> {
  const input = await openInput(path, signal)
  const records: JsonObject[] = []
  for await (const batch of readRecords(input)) {
    signal.throwIfAborted()
    for (const { record } of batch) records.push(record)
    if (records.length >= MAX_RECORDS) break
  }
  const which = records.length < MAX_RECORDS ? 'the' : 'the first'
  return {
    name: input.name,
    from: `${which} ${formatCounted(Math.min(records.length, MAX_RECORDS), 'record')} of ${input.name}`,
    topic: path === '-' ? 'records' : topicOfFile(path),
    partitions: [records.slice(0, MAX_RECORDS)],
    withLists: input.format === 'csv',
    format: {
      value: 'json',
      why:
        input.format === 'csv'
          ? 'a guess, as the file is CSV; lines of CSV: format: csv, and csv: { columns: [their names] }'
          : 'json, csv, avro or protobuf',
    },
    recordsPerDay: null,
    silence: null,
    isKeyed: false,
  }
}

/**
 * Takes a sample of the latest records of a topic, outside any pipeline's group.
 *
 * @throws {UsageError} when there is no such topic, or the user may not read it
 * @throws {InputInvalid} when it is empty, or none of its records can be decoded
 * @throws {BrokerUnavailable | BrokerRefused | RegistryUnavailable | RegistryRefused}
 */
export async function topicRecords(topic: string, connection: Connection, signal: AbortSignal): Promise<Sample> {
  const kafka = makeKafka({ ...connection.kafka, clientId: 'outflow-init' })
  const name = `topic ${topic}`
  if (!(await describeTopics(kafka, [topic])).get(topic)) {
    const at = connection.kafka.brokers.join(', ')
    throw new UsageError(`--topic ${topic}: no such topic at ${at}, or the user may not read it`)
  }
  const fromMs = await startOfLatest(kafka, [topic], MAX_RECORDS)
  const window = { topics: [topic], fromMs, maxRows: MAX_RECORDS, seed: 1, skipTombstones: true }
  const { records } = await readWindow(kafka, { ...window, signal })
  if (records.length === 0) throw new InputInvalid(name, null, 'it has no records')
  const { format, partitions, rejected, firstRejection } = await decodeByBestFormat(records, connection.source)
  if (rejected > records.length / 2 && lacksRegistry(connection, records)) {
    const why =
      'its values begin as those of a schema registry do; name the registry with --registry, or with source.registry in the --config'
    throw new InputInvalid(name, null, why)
  }
  if (rejected === records.length) throw new InputInvalid(name, null, undecodable(connection, firstRejection!))
  return {
    name,
    from: `${formatCount(records.length)} of the latest records of ${name}`,
    topic,
    partitions,
    withLists: format === 'csv',
    format: {
      value: format,
      why:
        rejected > 0
          ? `${formatCount(rejected)} of ${formatCount(records.length)} records would be dead letters: ${firstRejection!.detail}`
          : `as all records seen are${format === 'csv' ? `, split at ${JSON.stringify(connection.source.csv.delimiter)}` : ''}`,
    },
    recordsPerDay: await rateOf(kafka, topic),
    silence: silenceOf(records),
    isKeyed: records.every(({ key }) => key !== null),
  }
}

/** Decodes with the configured format, or else with the one that decodes most records. */
async function decodeByBestFormat(records: readonly WindowRecord[], source: Connection['source']) {
  const { format, registry } = source
  const known = registry === undefined ? (['json'] as const) : (['avro', 'protobuf', 'json'] as const)
  let best: Awaited<ReturnType<typeof decodeBy>> | undefined
  for (const candidate of format === undefined ? known : [format]) {
    const decoded = await decodeBy(candidate, records, source)
    if (best === undefined || decoded.rejected < best.rejected) best = decoded
    if (best.rejected === 0) break
  }
  return best!
}

async function decodeBy(
  format: Config['source']['format'],
  records: readonly WindowRecord[],
  source: Connection['source'],
) {
  const decoder = makeDecoder({ ...source, format })
  await decoder.prepare(records)
  // Records that a producer sends together have the same time, so there is no order over all partitions.
  const partitions = new Map<number, JsonObject[]>()
  let rejected = 0
  let firstRejection: Rejection | null = null
  for (const { partition, value } of records) {
    const decoded = decoder.decode(value)
    if ('record' in decoded) {
      const own = partitions.get(partition) ?? []
      partitions.set(partition, own)
      own.push(decoded.record)
    } else {
      rejected += 1
      firstRejection ??= decoded
    }
  }
  return { format, partitions: [...partitions.values()], rejected, firstRejection }
}

/** Whether most values begin as those of a schema registry do, and none is configured. */
const lacksRegistry = ({ source }: Connection, records: readonly WindowRecord[]) =>
  source.registry === undefined && records.filter(({ value }) => value?.[0] === 0).length > records.length / 2

function undecodable({ source }: Connection, { detail }: Rejection): string {
  const json = source.registry === undefined ? 'JSON (Avro and Protobuf need --registry)' : 'Avro, Protobuf or JSON'
  const csv =
    source.format === undefined
      ? '; for CSV, set source: { format: csv, csv: { columns: [their names], delimiter: "," } } in the --config'
      : ''
  return `no record can be read as ${source.format ?? json}; ${detail}${csv}`
}

/** Records per day, extrapolated from the latest day or hour; null if all records are younger and may have been written at once, or there are none. */
async function rateOf(kafka: KafkaConnection, topic: string): Promise<number | null> {
  const since = (fromMs: number) => countWindow(kafka, { topics: [topic], fromMs })
  const all = await since(0)
  for (const spanMs of [DAY_MS, HOUR_MS]) {
    const latest = await since(Date.now() - spanMs)
    if (latest > 0 && latest < all) return latest * (DAY_MS / spanMs)
  }
  return null
}

function silenceOf(records: readonly WindowRecord[]): Silence | null {
  const ages = records.map(({ timestampMs }) => (Date.now() - timestampMs) / DAY_MS)
  const days = Math.min(...ages)
  return days < 1 ? null : { days, sampleDays: Math.max(...ages) }
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
