import { setTimeout as sleep } from 'node:timers/promises'
import type { OutgoingMessage, Producer } from '@outflow/streams'
import { type PlannedMessage, TRUTH_HEADER } from './feed-plan.js'

/** One request holds so many messages: enough for the broker's throughput, and a bar that moves. */
const BATCH_MESSAGES = 500

interface FeedTarget {
  readonly producer: Producer
  readonly topic: string
  readonly signal: AbortSignal
  readonly onSent: (sent: number) => void
}

/** Sends messages as fast as the broker takes them. */
export async function feedAtOnce(messages: readonly PlannedMessage[], options: FeedTarget): Promise<void> {
  for (let start = 0; start < messages.length; start += BATCH_MESSAGES) {
    options.signal.throwIfAborted()
    const batch = messages.slice(start, start + BATCH_MESSAGES)
    await options.producer.send(outgoing(batch, options.topic))
    options.onSent(start + batch.length)
  }
}

/** So many ms lie between two requests of the steady part: a latency is not made by waiting for a batch to fill. */
const TICK_MS = 25

/** Sends messages at a steady pace, each stamped with the time at which it is handed to the producer. */
export async function feedSteadily(
  messages: readonly PlannedMessage[],
  { perSecond, ...options }: FeedTarget & { readonly perSecond: number },
): Promise<void> {
  const perTick = Math.max(1, Math.round((perSecond * TICK_MS) / 1000))
  const startedAt = performance.now()
  for (let start = 0, tick = 0; start < messages.length; start += perTick, tick += 1) {
    options.signal.throwIfAborted()
    await sleep(Math.max(0, startedAt + tick * TICK_MS - performance.now()), undefined, { signal: options.signal })
    const batch = messages.slice(start, start + perTick)
    await options.producer.send(outgoing(batch, options.topic))
    options.onSent(start + batch.length)
  }
}

/** One request, of one time: the trainer, which reads in the order of times and places, then reads the same in every run. */
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
