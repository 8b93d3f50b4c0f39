import { makeDecoder } from '@outflow/formats'
import { describeTopics, makeKafka, readWindow } from '@outflow/streams'
import { beginOfLatest } from '../begin-of-latest.js'
import { InputInvalid, UsageError } from '../errors.js'
import { formatCount } from '../terminal.js'
import { MAX_RECORDS, type Sample } from './sample.js'

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
  const fromMs = await beginOfLatest(kafka, [topic], MAX_RECORDS)
  const window = await readWindow(kafka, {
    ...{ topics: [topic], fromMs, maxRows: MAX_RECORDS, seed: 1 },
    ...{ skipTombstones: true, signal },
  })
  if (window.records.length === 0) throw new InputInvalid(name, null, 'it holds no record')
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 16 * 1024 ** 2, csv: { delimiter: ',' } })
  // In the order of time over all partitions: whether a number rises from record to record depends on it.
  const inOrder = window.records.toSorted((a, b) => a.timestampMs - b.timestampMs)
  const decoded = inOrder.map(({ value }) => decoder.decode(value))
  const records = decoded.flatMap((one) => ('record' in one ? [one.record] : []))
  const broken = decoded.find((one) => !('record' in one))
  const rejected = decoded.length - records.length
  if (records.length === 0 && broken && 'detail' in broken) {
    throw new InputInvalid(name, null, `outflow init reads JSON, and none of its records is; ${broken.detail}`)
  }
  return {
    name,
    from: `${formatCount(decoded.length)} records, the latest or a sample of them, of ${name}`,
    topic,
    records,
    formatWhy:
      rejected > 0
        ? `${formatCount(rejected)} of ${formatCount(decoded.length)} records are none, and would be dead letters`
        : 'as all records seen are',
    isKeyed: window.records.every(({ key }) => key !== null),
  }
}
