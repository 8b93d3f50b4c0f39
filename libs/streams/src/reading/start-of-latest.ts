import type { KafkaConnection } from '../connection/kafka.js'
import { countWindow } from './read-window.js'

const SHORTEST_MS = 1_000
const LONGEST_MS = 30 * 86_400_000
const PRECISION = 1.1

/**
 * Returns the time from which to read the latest records: the start of the shortest span, of 1 s to 30 days, in which topics have at least
 * `records`. The span is at most a tenth too long, so in a steady stream it has at most a tenth more.
 *
 * @returns Kafka's record time, epoch ms; 0: from the beginning
 */
export async function startOfLatest(
  kafka: KafkaConnection,
  topics: readonly string[],
  records: number,
): Promise<number> {
  const nowMs = Date.now()
  const startOf = (spanMs: number) => Math.floor(nowMs - spanMs)
  const hasEnough = async (spanMs: number) => (await countWindow(kafka, { topics, fromMs: startOf(spanMs) })) >= records
  if (await hasEnough(SHORTEST_MS)) return startOf(SHORTEST_MS)
  if (!(await hasEnough(LONGEST_MS))) return 0
  let [tooShort, enough] = [SHORTEST_MS, LONGEST_MS]
  while (enough > PRECISION * tooShort) {
    const middle = Math.sqrt(tooShort * enough)
    if (await hasEnough(middle)) enough = middle
    else tooShort = middle
  }
  return startOf(enough)
}
