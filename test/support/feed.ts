import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from '@outflow/errors'
import { makeKafka, makeProducer } from '@outflow/streams'
import type { ParcelMessage } from './parcels.js'

export interface FeedOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  /** Yields as many messages as are requested. */
  readonly messages: Iterator<ParcelMessage>
  /** Number of records that the reader has stored; may fail while its store is down. */
  readonly stored: () => Promise<number>
  /** Maximum messages per second. Default: as fast as the reader, so that it always has a batch to read. */
  readonly perSecond?: number
}

export interface Feed {
  /** Resolves when all messages in progress are sent; throws an error of the broker that cannot be retried. */
  stop(): Promise<void>
}

// The feed is up to this many messages ahead of its reader, so that the reader has unread records at every fault.
const AHEAD = 3_000
const CHUNK = 250
const PAUSE_MS = 10

/** Sends messages as fast as they are read; retries while the broker is down. */
export function startFeed({ brokers, topic, messages, stored, perSecond }: FeedOptions): Feed {
  const chunkMs = perSecond === undefined ? 0 : (1_000 * CHUNK) / perSecond
  let sent = 0
  let stopped = false
  const run = async () => {
    const producer = await makeProducer(makeKafka({ brokers, clientId: 'test-feed' }))
    let read = 0
    let chunk = nextOf(messages, CHUNK)
    while (!stopped) {
      if (sent - read > AHEAD) read = await stored().catch(() => read)
      if (sent - read > AHEAD) {
        await sleep(PAUSE_MS)
        continue
      }
      try {
        await producer.send(chunk.map((message) => ({ topic, ...message })))
        sent += chunk.length
        chunk = nextOf(messages, CHUNK)
        if (chunkMs > 0) await sleep(chunkMs)
      } catch (error: unknown) {
        // Messages that the broker stored before its answer was lost are sent again: separate records, which are counted too.
        if (!isRetryable(error)) throw error
      }
    }
    await producer.close()
  }
  const done = run()
  done.catch(() => {}) // thrown by stop
  return {
    stop() {
      stopped = true
      return done
    },
  }
}

export function nextOf<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value)
}
