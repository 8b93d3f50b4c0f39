import { pause } from '@outflow/errors/retrying'
import type { OutgoingMessage, Producer } from '@outflow/streams'
import { type PlannedMessage, TRUTH_HEADER } from './feed-plan.js'

interface FeedOptions {
  readonly producer: Producer
  readonly topic: string
  /** Messages per second; default: as many as the broker accepts. */
  readonly perSecond?: number | undefined
  readonly signal: AbortSignal
  readonly onSent: (sent: number) => void
}

/** Messages per request without a pace: enough for the broker's throughput, and few enough for a bar that moves. */
const BATCH_MESSAGES = 500
/** Least time between two requests at a steady pace: short, so that messages do not wait for a batch to fill. */
const TICK_MS = 25

/**
 * Sends messages, each with the time at which it is passed to the producer.
 *
 * @throws the signal's reason when it aborts
 */
export async function feed(
  messages: Iterable<PlannedMessage>,
  { producer, topic, signal, onSent, perSecond }: FeedOptions,
): Promise<void> {
  const tickMs = perSecond === undefined ? 0 : Math.max(TICK_MS, 1_000 / perSecond)
  const perTick = perSecond === undefined ? BATCH_MESSAGES : Math.round((perSecond * tickMs) / 1_000)
  const startedAt = performance.now()
  const iterator = messages[Symbol.iterator]()
  for (let sent = 0, tick = 0; ; tick += 1) {
    const batch: PlannedMessage[] = []
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      batch.push(next.value)
      if (batch.length === perTick) break
    }
    if (batch.length === 0) return
    await pause(Math.max(0, startedAt + tick * tickMs - performance.now()), signal)
    signal.throwIfAborted()
    await producer.send(outgoing(batch, topic))
    sent += batch.length
    onSent(sent)
  }
}

/** One timestamp per request: the trainer reads in the order of time and position, so that it reads the same in every run. */
function outgoing(batch: readonly PlannedMessage[], topic: string): readonly OutgoingMessage[] {
  const timestampMs = Date.now()
  return batch.map(({ key, value, truth }) => ({
    topic,
    key,
    value,
    timestampMs,
    ...(truth === null ? {} : { headers: [[TRUTH_HEADER, truth]] as const }),
  }))
}
