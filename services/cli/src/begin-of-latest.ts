import { countWindow, type KafkaConnection } from '@outflow/streams'

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const REACHES_MS = [
  SECOND_MS,
  30 * SECOND_MS,
  600 * SECOND_MS,
  HOUR_MS,
  24 * HOUR_MS,
  7 * 24 * HOUR_MS,
  30 * 24 * HOUR_MS,
]

/**
 * The time, by Kafka's timestamps, from which topics hold at least so many records: of some spans back the shortest, so that years
 * of a topic are not read for a sample.
 *
 * @returns epoch ms; 0: all of the topics
 */
export async function beginOfLatest(
  kafka: KafkaConnection,
  topics: readonly string[],
  records: number,
): Promise<number> {
  const nowMs = Date.now()
  for (const reachMs of REACHES_MS) {
    const fromMs = nowMs - reachMs
    if ((await countWindow(kafka, { topics, fromMs })) >= records) return fromMs
  }
  return 0
}
