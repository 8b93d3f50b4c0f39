import type { KafkaConnection } from './kafka.js'
import { countWindow } from './read-window.js'

const DAY_S = 86_400
const SPANS_S = [1, 30, 600, 3_600, DAY_S, 7 * DAY_S, 30 * DAY_S]

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
  for (const spanS of SPANS_S) {
    const fromMs = nowMs - 1_000 * spanS
    if ((await countWindow(kafka, { topics, fromMs })) >= records) return fromMs
  }
  return 0
}
