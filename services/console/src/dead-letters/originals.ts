import { type Config, clampTime, formatPosition, type Position, type Rejection } from '@outflow/contracts'
import { batchReader, makeDecoder } from '@outflow/records'
import type { Pool } from '@outflow/store'
import { type StoredDeadLetter, unsentDeadLetters } from '@outflow/store/dead-letters'
import { listModels } from '@outflow/store/models'
import { type KafkaHeaders, type KafkaRecord, makeKafka, scanWindow } from '@outflow/streams'

/** The record as its producer sent it. */
export interface Original {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: KafkaHeaders
  /** Kafka's timestamp of the record on its source topic; epoch ms. */
  readonly timestampMs: number
}

/** By position; a dead letter is in none of them when the topic no longer has its message. */
export interface Originals {
  readonly whole: ReadonlyMap<string, Original>
  /** What the message on the topic lacks, because the record was too large, such as `the value, 2000000 bytes`. */
  readonly cut: ReadonlyMap<string, string>
  /** The message is still in the outbox. */
  readonly unsent: ReadonlySet<string>
}

/** Postgres and the broker may have different clocks, and the relay sends after the row was written. */
const CLOCKS_APART_MS = 10 * 60_000
const OWN_HEADER_PREFIX = 'outflow.'

/** Finds the original bytes, key and headers of dead letters on the dead-letter topic. */
export async function findOriginals(
  pool: Pool,
  { pipeline, kafka, deadLetters: { topic } }: Pick<Config, 'pipeline' | 'kafka' | 'deadLetters'>,
  letters: readonly StoredDeadLetter[],
  signal: AbortSignal,
): Promise<Originals> {
  const whole = new Map<string, Original>()
  const cut = new Map<string, string>()
  if (letters.length === 0) return { whole, cut, unsent: new Set() }
  // Before the topic is read: one that is sent meanwhile is found there.
  const unsent = new Set((await unsentDeadLetters(pool, pipeline, letters)).map(formatPosition))
  // With the time: a record of a topic that was created again can have the same position.
  const wanted = new Map(letters.map((letter) => [formatPosition(letter), letter.recordTime.getTime()]))
  // Not by spreading them: a call takes about 120,000 arguments.
  const firstMs = letters.reduce((first, { rejectedAt }) => Math.min(first, rejectedAt.getTime()), Infinity)
  const fromMs = firstMs - CLOCKS_APART_MS
  await scanWindow(makeKafka(kafka), { topics: [topic], fromMs, signal }, async (records) => {
    for (const record of records) {
      const position = positionOf(record)
      const timestampMs = Number(headerOf(record, 'outflow.timestamp'))
      if (position === null || wanted.get(position) !== clampTime(timestampMs)) continue
      const withheld = headerOf(record, 'outflow.withheld')
      if (withheld !== null) {
        cut.set(position, withheld)
        continue
      }
      whole.set(position, {
        key: record.key,
        value: record.value,
        headers: record.headers.filter(([name]) => !name.startsWith(OWN_HEADER_PREFIX)),
        timestampMs,
      })
    }
  })
  return { whole, cut, unsent }
}

function positionOf(record: KafkaRecord): string | null {
  const [topic, partition, offset] = ['topic', 'partition', 'offset'].map((name) =>
    headerOf(record, OWN_HEADER_PREFIX + name),
  )
  if (!topic || !partition || !offset) return null
  const position: Position = { topic, partition: Number(partition), offset: BigInt(offset) }
  return formatPosition(position)
}

function headerOf(record: KafkaRecord, name: string): string | null {
  // A record that was rejected twice has two headers of each name: the later ones are outflow's.
  return record.headers.findLast(([header]) => header === name)?.[1]?.toString() ?? null
}

/**
 * Makes the function that returns why ingest would reject a record now, or null. Ingest reads the features of its model, so
 * those of the active model are checked, and those of the configuration while no model is active.
 */
export async function recordChecker(
  pool: Pool,
  { pipeline, source, features: windows }: Config,
): Promise<(original: Original) => Promise<Rejection | null>> {
  const active = (await listModels(pool, pipeline)).find(({ state }) => state === 'active')
  const decoder = makeDecoder(source)
  const features = active?.metadata?.features ?? windows
  const reader = batchReader({ decoder, source, features, windows })
  return async (message) => {
    await decoder.prepare([message])
    const record = reader.read(message, reader.makeRows(1))
    return 'reason' in record ? record : null
  }
}
