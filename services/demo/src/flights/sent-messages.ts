import { type Config, formatPosition } from '@outflow/contracts'
import { type KafkaConnection, readWindow, type WindowRecord } from '@outflow/streams'
import { BROKEN, TRUTH_HEADER } from './feed-plan.js'

export interface SentMessage {
  /** `topic/partition/offset`. */
  readonly position: string
  /** When it was passed to the producer, epoch ms. */
  readonly producedAtMs: number
  /** The kind of corruption; null for a real flight. */
  readonly corruption: string | null
}

/** More than the demo sends, so that the window is read whole. */
const MAX_MESSAGES = 1_000_000

/** Reads the topics: every message with its position and corruption, and the number of dead letters. */
export async function readSentMessages(
  kafka: KafkaConnection,
  { source, deadLetters }: Pick<Config, 'source' | 'deadLetters'>,
  fromMs: number,
): Promise<{ sent: readonly SentMessage[]; deadLetterMessages: number }> {
  const window = { fromMs, maxRows: MAX_MESSAGES, seed: 1 }
  const sent = await readWindow(kafka, { ...window, topics: source.topics })
  const dead = await readWindow(kafka, { ...window, topics: [deadLetters.topic] })
  return { sent: sent.records.map(toSent), deadLetterMessages: dead.seen }
}

function toSent({ topic, partition, offset, timestampMs, headers }: WindowRecord): SentMessage {
  const truth = headers.find(([name]) => name === TRUTH_HEADER)?.[1] ?? null
  const text = truth && String(truth)
  return {
    position: formatPosition({ topic, partition, offset }),
    producedAtMs: timestampMs,
    corruption: text?.startsWith(BROKEN) ? null : text,
  }
}
