import { formatPosition, type Position } from '@outflow/contracts'
import type { StoredDeadLetter } from '@outflow/store/dead-letters'
import { type KafkaConnection, type KafkaHeaders, type KafkaRecord, scanWindow } from '@outflow/streams'

/** The record as its producer sent it. */
export interface Original {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: KafkaHeaders
  /** Kafka's, of the record where it was read; epoch ms. */
  readonly timestampMs: number
}

/** Postgres and the broker may go by different clocks, and the relay sends after the row was written. */
const CLOCKS_APART_MS = 10 * 60_000
const OURS = 'outflow.'

/**
 * Finds the original bytes, key and headers of dead letters on the dead-letter topic.
 *
 * @returns by position; one is absent whose message the topic no longer has, or that was sent without its value because it was
 *   too large for the topic
 */
export async function findOriginals(
  kafka: KafkaConnection,
  topic: string,
  letters: readonly StoredDeadLetter[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Original>> {
  const found = new Map<string, Original>()
  if (letters.length === 0) return found
  const wanted = new Set(letters.map(formatPosition))
  const fromMs = Math.min(...letters.map(({ rejectedAt }) => rejectedAt.getTime())) - CLOCKS_APART_MS
  await scanWindow(kafka, { topics: [topic], fromMs, signal }, async (records) => {
    for (const record of records) {
      const position = positionOf(record)
      if (position === null || !wanted.has(position) || headerOf(record, 'outflow.withheld') !== null) continue
      found.set(position, {
        key: record.key,
        value: record.value,
        headers: record.headers.filter(([name]) => !name.startsWith(OURS)),
        timestampMs: Number(headerOf(record, 'outflow.timestamp')),
      })
    }
  })
  return found
}

function positionOf(record: KafkaRecord): string | null {
  const [topic, partition, offset] = ['topic', 'partition', 'offset'].map((name) => headerOf(record, OURS + name))
  if (!topic || !partition || !offset) return null
  const position: Position = { topic, partition: Number(partition), offset: BigInt(offset) }
  return formatPosition(position)
}

function headerOf(record: KafkaRecord, name: string): string | null {
  // A record that was rejected twice bears the names twice: ours, which are written last, count.
  return record.headers.findLast(([own]) => own === name)?.[1]?.toString() ?? null
}
