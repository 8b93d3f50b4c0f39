import { pause } from '@outflow/errors/retrying'
import type { OutgoingMessage, Producer } from '@outflow/streams'
import { type PlannedMessage, TRUTH_HEADER } from './feed-plan.js'

/** Messages per request: enough for the broker's throughput, and few enough for a bar that moves. */
const BATCH_MESSAGES = 500

export interface FeedTarget {
  readonly producer: Producer
  readonly topic: string
  readonly signal: AbortSignal
  readonly onSent: (sent: number) => void
}

/** Sends messages as fast as the broker accepts them. */
export async function feedAtOnce(messages: readonly PlannedMessage[], options: FeedTarget): Promise<void> {
  for (let start = 0; start < messages.length; start += BATCH_MESSAGES) {
    options.signal.throwIfAborted()
    const batch = messages.slice(start, start + BATCH_MESSAGES)
    await options.producer.send(outgoing(batch, options.topic))
    options.onSent(start + batch.length)
  }
}

/** Least time between two requests of a steady stream: short, so that messages do not wait for a batch to fill. */
const TICK_MS = 25

/**
 * Sends messages at a steady pace, each with the time at which it is passed to the producer.
 *
 * @throws the signal's reason when it aborts
 */
export async function feedSteadily(
  messages: Iterable<PlannedMessage>,
  { perSecond, ...options }: FeedTarget & { readonly perSecond: number },
): Promise<void> {
  const tickMs = Math.max(TICK_MS, 1_000 / perSecond)
  const perTick = Math.round((perSecond * tickMs) / 1_000)
  const startedAt = performance.now()
  const iterator = messages[Symbol.iterator]()
  for (let sent = 0, tick = 0; ; tick += 1) {
    const batch: PlannedMessage[] = []
    for (let next = iterator.next(); !next.done; next = iterator.next()) {
      batch.push(next.value)
      if (batch.length === perTick) break
    }
    if (batch.length === 0) return
    await pause(Math.max(0, startedAt + tick * tickMs - performance.now()), options.signal)
    options.signal.throwIfAborted()
    await options.producer.send(outgoing(batch, options.topic))
    sent += batch.length
    options.onSent(sent)
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
