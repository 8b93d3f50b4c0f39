import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from '@outflow/errors'
import { makeKafka, makeProducer } from '@outflow/streams'
import type { ParcelMessage } from './parcels.js'

export interface FeedOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  /** As many as are asked for. */
  readonly messages: Iterator<ParcelMessage>
  /** How many records their reader has stored; may fail while its store is away. */
  readonly stored: () => Promise<number>
  /** Most messages a second. Default: as many as the reader keeps up with, so that it always has a batch to read. */
  readonly perSecond?: number
}

/** A producer that goes on until it is asked to stop. */
export interface Feed {
  /** How many messages the broker has taken. */
  readonly sent: number
  /** Resolves when everything that was begun is sent; throws what the broker refused. */
  stop(): Promise<void>
}

// So far the feed runs ahead of its reader: there is always a batch to read, and whatever is done to the reader is done
// in mid-stream.
const AHEAD = 3_000
const CHUNK = 250
const PAUSE_MS = 10

/** Sends messages as fast as they are read; a broker that is away is waited for. */
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
        // What the broker took before its answer was lost is sent again: records of their own, to be counted too.
        if (!isRetryable(error)) throw error
      }
    }
    await producer.close()
  }
  const done = run()
  done.catch(() => {}) // thrown by stop
  const stop = () => {
    stopped = true
    return done
  }
  return {
    get sent() {
      return sent
    },
    stop,
  }
}

export function nextOf<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value)
}
