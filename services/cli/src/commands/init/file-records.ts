import { readRecords } from '@outflow/records'
import { formatCount } from '@outflow/terminal'
import { openInput } from '../../open-input.js'
import { topicOfFile } from './render-config.js'
import { MAX_RECORDS, type Sample } from './sample.js'

/**
 * Takes the first records of a file.
 *
 * @throws {FileUnavailable | InputInvalid} when it cannot be read, or holds none
 */
export async function fileRecords(path: string, signal: AbortSignal): Promise<Sample> {
  const input = await openInput(path)
  const records: Readonly<Record<string, unknown>>[] = []
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
