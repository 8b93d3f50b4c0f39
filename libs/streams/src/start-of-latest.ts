import type { KafkaConnection } from './kafka.js'
import { countWindow } from './read-window.js'

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const SPANS_MS = [
  SECOND_MS,
  30 * SECOND_MS,
  600 * SECOND_MS,
  HOUR_MS,
  24 * HOUR_MS,
  7 * 24 * HOUR_MS,
  30 * 24 * HOUR_MS,
]

/**
 * Returns the time from which to read the latest records: the start of the shortest span, of 1 s to 30 days, in which topics have at least `records`.
 *
 * @returns Kafka's record time, epoch ms; 0: from the beginning
 */
export async function startOfLatest(
  kafka: KafkaConnection,
  topics: readonly string[],
  records: number,
): Promise<number> {
  const nowMs = Date.now()
  for (const spanMs of SPANS_MS) {
    const fromMs = nowMs - spanMs
    if ((await countWindow(kafka, { topics, fromMs })) >= records) return fromMs
  }
  return 0
}
