import { type Config, formatPosition } from '@outflow/contracts'
import { type KafkaConnection, readWindow, type WindowRecord } from '@outflow/streams'
import type { SentMessage } from './demo-summary.js'
import { BROKEN, TRUTH_HEADER } from './replay-plan.js'

/** More than the demo sends: the window is read whole. */
const EVERYTHING = 1_000_000

/** Reads back what stands on the topics: every message with its position and its truth, and how many dead letters. */
export async function readTruth(
  kafka: KafkaConnection,
  { source, deadLetters }: Pick<Config, 'source' | 'deadLetters'>,
  fromMs: number,
): Promise<{ sent: readonly SentMessage[]; deadLetterMessages: number }> {
  const window = { fromMs, maxRows: EVERYTHING, seed: 1 }
  const sent = await readWindow(kafka, { ...window, topics: source.topics })
  const dead = await readWindow(kafka, { ...window, topics: [deadLetters.topic] })
  return { sent: sent.records.map(toSent), deadLetterMessages: dead.seen }
}

function toSent({ topic, partition, offset, timestampMs, headers }: WindowRecord): SentMessage {
  const truth = headers.find(([name]) => name === TRUTH_HEADER)?.[1] ?? null
  const said = truth && String(truth)
  return {
    position: formatPosition({ topic, partition, offset }),
    producedAtMs: timestampMs,
    corruption: said?.startsWith(BROKEN) ? null : said,
  }
}
