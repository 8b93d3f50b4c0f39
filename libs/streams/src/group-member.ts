import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from '@outflow/errors'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import type { DeliveriesOptions } from './deliveries-options.js'
import { type Delivery, type DeliveryEnd, type OpenDelivery, toDelivery } from './delivery.js'
import { toBrokerError } from './errors.js'
import type { KafkaConnection } from './kafka.js'
import { startOf } from './start.js'

/** Ends the stream with `error`, even one that is retryable: somebody outside decided so. */
export class Fatal {
  constructor(readonly error: unknown) {}
}

export interface Membership {
  readonly deliver: (delivery: Delivery) => void
  /** No new delivery; those in flight may end. */
  readonly stop: AbortSignal
  /** Nobody will end those in flight either. */
  readonly abandon: AbortSignal
}

/** A partition that the group has given us, from one rebalance to the next. */
interface Claim {
  readonly topic: string
  readonly partition: number
  /** What the store holds: the next delivery's compare value. */
  expectedOffset: bigint | null
  /** Where the next delivery begins at the earliest. */
  nextOffset: bigint
  /** Resolves when the consumer has been set to where the store says. */
  positioned: Promise<void>
  committedAtMs: number
}

// Little enough that a stop does not wait long for an idle fetch to come back.
const MAX_FETCH_WAIT_MS = 500
// Leaves two seconds of the ten that a stop may take to whoever waits for us.
const DRAIN_MS = 8_000
// The group's own commit serves lag tools only; once a second is enough for them.
const COMMIT_EVERY_MS = 1_000
const RETRY_MS = 500

/**
 * One consumer's life: joins, delivers, and leaves when stopped.
 *
 * kafkajs would restart a crashed consumer by itself, but only after some errors, and its seeks that were not applied
 * yet would outlive the assignment they were meant for. So it never restarts: a crash ends this call, and the next
 * call begins with a fresh consumer.
 *
 * @throws {Fatal} and whatever made the consumer crash
 */
export async function readAsMember(
  kafka: KafkaConnection,
  options: DeliveriesOptions,
  { deliver, stop, abandon }: Membership,
): Promise<void> {
  const { sessionTimeoutMs = 10_000, partitionsInFlight = 3, maxBytesPerPartition = 1024 ** 2 } = options
  const beatEveryMs = sessionTimeoutMs / 10
  const consumer = kafka.kafkajs.consumer({
    groupId: options.groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: beatEveryMs,
    maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
    maxBytesPerPartition,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 8, restartOnFailure: async () => false },
  })
  const crash = new AbortController()
  const gone = new AbortController()
  const leaving = AbortSignal.any([stop, crash.signal, gone.signal])
  const abandoned = AbortSignal.any([abandon, crash.signal, gone.signal])
  const claims = new Map<string, Claim>()
  const open = new Set<OpenDelivery>()
  abandoned.addEventListener('abort', () => {
    for (const delivery of open) delivery.abandon()
  })

  /** Reads the stored offset and sets the consumer there; a store or broker that is away is waited for. */
  async function position(claim: Claim): Promise<void> {
    while (!leaving.aborted && isCurrent(claim)) {
      try {
        const start = await startOf(kafka, options, claim)
        if (!isCurrent(claim)) return
        claim.expectedOffset = start.storedOffset
        claim.nextOffset = start.offset
        seek(claim)
        options.hooks?.sought?.({ topic: claim.topic, partition: claim.partition, offset: start.offset })
        return
      } catch (thrown: unknown) {
        const error = toBrokerError(thrown)
        if (!isRetryable(error)) return crash.abort(new Fatal(error))
        kafka.log.warn({ topic: claim.topic, partition: claim.partition, error }, 'stored offset awaited')
        await sleep(RETRY_MS, undefined, { signal: leaving }).catch(() => {})
      }
    }
  }

  const seek = ({ topic, partition, nextOffset }: Claim) =>
    consumer.seek({ topic, partition, offset: String(nextOffset) })
  const isCurrent = (claim: Claim) => claims.get(keyOf(claim.topic, claim.partition)) === claim

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    claims.clear()
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      for (const partition of partitions) {
        const claim: Claim = {
          topic,
          partition,
          expectedOffset: null,
          nextOffset: 0n,
          positioned: Promise.resolve(),
          committedAtMs: Date.now(),
        }
        claims.set(keyOf(topic, partition), claim)
        claim.positioned = position(claim)
      }
    }
    options.hooks?.assigned?.([...claims.values()].map(({ topic, partition }) => ({ topic, partition })))
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => crash.abort(payload.error))

  async function eachBatch({ batch, resolveOffset, heartbeat, isStale }: EachBatchPayload): Promise<void> {
    const claim = claims.get(keyOf(batch.topic, batch.partition))
    if (!claim || leaving.aborted) return
    const heart = makeHeart(heartbeat, beatEveryMs)
    try {
      await claim.positioned
      // Fetched before the partition was set to its stored offset, or for a claim that a rebalance has ended.
      if (isStale() || leaving.aborted || !isCurrent(claim)) return
      if (BigInt(batch.firstOffset()!) < claim.nextOffset) return seek(claim)
      const delivery = toDelivery(batch, claim.expectedOffset)
      open.add(delivery)
      deliver(delivery.delivery)
      const end = await delivery.ended
      open.delete(delivery)
      await settle(claim, delivery.delivery, end, () => resolveOffset(batch.messages.at(-1)!.offset))
    } finally {
      heart.stop()
    }
    // A rebalance that was announced meanwhile: only now, with the delivery ended, do we go and join again.
    if (heart.error) throw heart.error
  }

  async function settle(claim: Claim, delivery: Delivery, end: DeliveryEnd, resolve: () => void): Promise<void> {
    switch (end.kind) {
      case 'acknowledged':
        if (!isCurrent(claim)) return
        claim.expectedOffset = delivery.nextOffset
        claim.nextOffset = delivery.nextOffset
        resolve()
        return commit(consumer, claim, delivery.nextOffset)
      case 'repositioned':
        claim.positioned = position(claim)
        return claim.positioned
      case 'failed':
        return crash.abort(new Fatal(end.error))
      case 'abandoned':
        return
    }
  }

  async function commit(consumer: Consumer, claim: Claim, offset: bigint): Promise<void> {
    if (!leaving.aborted && Date.now() - claim.committedAtMs < COMMIT_EVERY_MS) return
    claim.committedAtMs = Date.now()
    try {
      await consumer.commitOffsets([{ topic: claim.topic, partition: claim.partition, offset: String(offset) }])
    } catch (error: unknown) {
      // Where the group stands is for lag tools; a rebalance under way is the usual reason.
      kafka.log.debug({ topic: claim.topic, partition: claim.partition, error }, 'group commit skipped')
    }
  }

  const running = (async () => {
    await consumer.connect()
    // Where the store has nothing, startOf says where to begin; the group's default is never used by design, and
    // "earliest" is the one that loses nothing.
    await consumer.subscribe({ topics: [...options.topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitionsInFlight,
      eachBatch,
    })
  })()
  try {
    // It ends before the signal only by failing: to connect, or to find the topics.
    await Promise.race([running.then(() => whenAborted(leaving)), whenAborted(leaving)])
    if (crash.signal.aborted) throw crash.signal.reason
  } finally {
    const deadline = setTimeout(() => gone.abort(), DRAIN_MS)
    // After a crash kafkajs has disconnected already; what it says of that is no news.
    await Promise.race([running.catch(() => {}).then(() => consumer.disconnect()), whenAborted(gone.signal)])
    clearTimeout(deadline)
    gone.abort()
  }
}

const keyOf = (topic: string, partition: number) => `${topic}/${partition}`

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Beats while a slow delivery is worked on, and remembers the first failure: a rebalance, or an expulsion. */
function makeHeart(heartbeat: () => Promise<void>, everyMs: number) {
  const heart: { error: unknown; stop: () => void } = { error: undefined, stop: () => clearInterval(timer) }
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => {
      heart.error ??= error
    })
  }, everyMs)
  return heart
}
