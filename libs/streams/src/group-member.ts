import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from '@outflow/errors'
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs'
import type { DeliveriesOptions } from './deliveries-options.js'
import { type Delivery, fetchedOffset, type OpenDelivery, toDelivery } from './delivery.js'
import { toBrokerError } from './errors.js'
import { type Heartbeat, startHeartbeat } from './heartbeat.js'
import type { KafkaConnection } from './kafka.js'
import { openTopicIds, type TopicIds } from './kafkajs-internals/topic-ids.js'
import { startOf } from './start.js'

/** Ends the stream with `error`, even one that is retryable: somebody outside decided so. */
export class Fatal {
  constructor(readonly error: unknown) {}
}

interface Audience {
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
  /** The position that the store holds: the next delivery's compare value. */
  nextOffset: bigint
  /** The topic's id at that position; null: the broker has no topic ids. */
  topicId: string | null
  /** What the next fetch has to begin at: behind the last delivery, and behind batches that kafkajs does not hand out. */
  fetchOffset: bigint
  /** Resolves when the consumer has been set to the stored position. */
  positioned: Promise<void>
  /** Resolves when the last delivery has ended. */
  ended: Promise<void>
}

const SESSION_TIMEOUT_MS = 10_000
// Little enough that a stop does not wait long for an idle fetch to come back.
const MAX_FETCH_WAIT_MS = 500
// A stop may take ten seconds; two remain for the caller.
const DRAIN_MS = 8_000
// The group's own commit serves lag tools only; once a second is enough for them. A broker takes its time over it (Kafka 4 gathers
// commits for 5 ms), so nothing waits for it but leaving.
const COMMIT_EVERY_MS = 1_000
const RETRY_MS = 500
// A crash of the store may have undone a write that it had confirmed. The next record of the partition would show it, and may be long in
// coming.
const CHECK_POSITIONS_MS = 10_000
// Partitions that are added are read within this time and a rebalance.
const METADATA_MAX_AGE_MS = 10_000
// Some two thousand records. The objects of a fetch are kept until its last batch has ended, and two are there at once: half
// of it took a tenth less memory and a quarter more CPU, twice a tenth more memory.
const MAX_BYTES_PER_PARTITION = 512 * 1024
// kafkajs hands out what it fetched to so many at once, and fetches again when all have let it go.
const PARTITIONS_IN_FLIGHT = 8

/**
 * One membership of a consumer group: joins, delivers, and leaves when stopped.
 *
 * kafkajs can restart a crashed consumer, but only after some errors, and its seeks that were not applied
 * yet would outlive the assignment they were meant for. So it never restarts: a crash ends this member, and the next
 * one begins with a fresh consumer.
 */
export class GroupMember {
  readonly #consumer: Consumer
  readonly #beatEveryMs: number
  readonly #claims = new Map<string, Claim>()
  readonly #inFlight = new Map<OpenDelivery, Promise<void>>()
  /** Its reason is the error that ends the membership. */
  readonly #crash = new AbortController()
  /** Ends this membership, with everything that is still under way. */
  readonly #over = new AbortController()
  readonly #leaving: AbortSignal
  /** Claims that went on since the group's own commit. */
  readonly #uncommitted = new Set<Claim>()
  #commitTimer: NodeJS.Timeout | undefined

  constructor(
    readonly kafka: KafkaConnection,
    readonly options: DeliveriesOptions,
    private readonly audience: Audience,
    readonly topicIds: TopicIds = openTopicIds(kafka),
  ) {
    const sessionTimeout = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS
    this.#beatEveryMs = sessionTimeout / 10
    this.#consumer = kafka.kafkajs.consumer({
      groupId: options.groupId,
      sessionTimeout,
      heartbeatInterval: this.#beatEveryMs,
      maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      maxBytesPerPartition: options.maxBytesPerPartition ?? MAX_BYTES_PER_PARTITION,
      retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 8, restartOnFailure: async () => false },
    })
    this.#leaving = AbortSignal.any([audience.stop, this.#crash.signal, this.#over.signal])
    AbortSignal.any([audience.abandon, this.#crash.signal, this.#over.signal]).addEventListener('abort', () => {
      for (const delivery of this.#inFlight.keys()) delivery.abandon()
    })
  }

  /** Resolves when it was stopped and has left. @throws {Fatal} or whatever made the consumer crash */
  async live(): Promise<void> {
    const joining = this.#join()
    const checking = setInterval(() => void this.#checkPositions(), CHECK_POSITIONS_MS)
    try {
      // Joining ends before the signal only by failing: to connect, or to find the topics.
      await Promise.race([joining.then(() => aborted(this.#leaving)), aborted(this.#leaving)])
      if (this.#crash.signal.aborted) throw this.#crash.signal.reason
    } finally {
      const deadline = setTimeout(() => this.#over.abort(), DRAIN_MS)
      // After a crash kafkajs has disconnected already, and what was in flight is abandoned.
      const leaving = joining
        .catch(() => {})
        .then(() => (this.#crash.signal.aborted ? undefined : this.#allEnded().then(() => this.#commit())))
        .then(() => Promise.all([this.#consumer.disconnect(), this.topicIds.close()]))
      await Promise.race([leaving, aborted(this.#over.signal)])
      clearTimeout(deadline)
      clearTimeout(this.#commitTimer)
      clearInterval(checking)
      this.#over.abort()
    }
  }

  async #join(): Promise<void> {
    const consumer = this.#consumer
    consumer.on(consumer.events.GROUP_JOIN, (event) => this.#claim(event))
    // `run` does not reject later: a crash is reported by this event only.
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#crash.abort(payload.error))
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => this.#passOver(payload))
    await consumer.connect()
    // startOf returns where to begin. kafkajs falls back on this only where retention has deleted the offset that it asks for; what
    // it then fetches is discarded, and the gap is measured.
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: this.options.partitionsInFlight ?? PARTITIONS_IN_FLIGHT,
      eachBatch: (payload) => this.#eachBatch(payload),
    })
  }

  #claim({ payload }: ConsumerGroupJoinEvent): void {
    this.#claims.clear()
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      for (const partition of partitions) {
        const claim: Claim = {
          topic,
          partition,
          nextOffset: 0n,
          topicId: null,
          fetchOffset: 0n,
          positioned: Promise.resolve(),
          ended: Promise.resolve(),
        }
        this.#claims.set(keyOf(claim), claim)
        claim.positioned = this.#position(claim)
      }
    }
    const assigned = [...this.#claims.values()].map(({ topic, partition }) => ({ topic, partition }))
    this.options.hooks?.assigned?.(assigned)
  }

  /** Reads the stored position and sets the consumer there; a store, a broker or a topic that is away is waited for. */
  async #position(claim: Claim): Promise<void> {
    const { topic, partition } = claim
    // What an earlier claim on the partition has under way moves the stored offset.
    await this.#allEnded((delivery) => delivery.topic === topic && delivery.partition === partition)
    while (!this.#leaving.aborted && this.#isCurrent(claim)) {
      try {
        const { nextOffset, topicId } = await startOf(this, claim)
        if (!this.#isCurrent(claim)) return
        Object.assign(claim, { nextOffset, topicId, fetchOffset: nextOffset })
        this.#consumer.seek({ topic, partition, offset: String(nextOffset) })
        this.options.hooks?.sought?.({ topic, partition, offset: nextOffset })
        return
      } catch (thrown: unknown) {
        const error = toBrokerError(thrown)
        if (!isRetryable(error)) return this.#crash.abort(new Fatal(error))
        this.kafka.log.warn({ topic, partition, error }, 'stored offset awaited')
        await sleep(RETRY_MS, undefined, { signal: this.#leaving }).catch(() => {})
      }
    }
  }

  /** Sets partitions back whose stored position is before what was written. */
  async #checkPositions(): Promise<void> {
    if (this.options.positions.movesWithDeliveries !== true) return
    for (const topic of this.options.topics) {
      const before = [...this.#claims.values()].map((claim) => ({ claim, nextOffset: claim.nextOffset }))
      // A store that is away is asked again next time.
      const stored = await this.options.positions.read(topic).catch(() => null)
      for (const { claim, nextOffset } of before) {
        const position = claim.topic === topic ? stored?.get(claim.partition) : undefined
        if (position === undefined || position.nextOffset >= nextOffset || !this.#isCurrent(claim)) continue
        claim.positioned = this.#position(claim)
      }
    }
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const claim = this.#claims.get(keyOf(payload.batch))
    if (!claim || this.#leaving.aborted) return
    const heartbeat = startHeartbeat(payload.heartbeat, this.#beatEveryMs)
    try {
      await this.#handOver(claim, payload, heartbeat)
    } finally {
      heartbeat.stop()
    }
    // A rebalance that was announced meanwhile: only now, with the deliveries ended, do we go and join again.
    if (heartbeat.failure) {
      await this.#allEnded()
      throw heartbeat.failure
    }
  }

  /** kafkajs skips a batch that has only transaction markers or aborted records. */
  #passOver(batch: { topic: string; partition: number; batchSize: number; lastOffset: string }): void {
    const claim = this.#claims.get(keyOf(batch))
    if (claim && batch.batchSize === 0) claim.fetchOffset = BigInt(batch.lastOffset) + 1n
  }

  async #handOver(
    claim: Claim,
    { batch, resolveOffset, isStale }: EachBatchPayload,
    heartbeat: Heartbeat,
  ): Promise<void> {
    // Asked for after the fetch: a topic that still has the claim's id had it when it was fetched from.
    const reading = this.topicIds.read(batch.topic).catch(() => UNKNOWN)
    await claim.ended
    await claim.positioned
    const most = this.options.partitionsInFlight ?? PARTITIONS_IN_FLIGHT
    while (this.#inFlight.size >= most) await Promise.race(this.#inFlight.values())
    const topicId = await reading
    // Fetched before the partition was set to its stored position, or for a claim that a rebalance has ended or ends.
    if (isStale() || this.#leaving.aborted || !this.#isCurrent(claim) || heartbeat.failure) return
    // Fetched from another topic of this name, or from where nobody has set the partition: retention has deleted what was asked for.
    if (topicId !== claim.topicId || fetchedOffset(batch) !== claim.fetchOffset) {
      claim.positioned = this.#position(claim)
      return
    }
    const open = toDelivery(batch, claim.nextOffset)
    claim.fetchOffset = open.delivery.nextOffset
    claim.ended = this.#deliver(claim, open)
    resolveOffset(batch.messages.at(-1)!.offset)
    // Where the partition has more, it is fetched meanwhile; else the next fetch waits, and finds more.
    if (BigInt(batch.highWatermark) <= open.delivery.nextOffset) await claim.ended
  }

  #deliver(claim: Claim, open: OpenDelivery): Promise<void> {
    const ended = this.#untilEnded(claim, open).finally(() => this.#inFlight.delete(open))
    this.#inFlight.set(open, ended)
    this.audience.deliver(open.delivery)
    return ended
  }

  async #untilEnded(claim: Claim, open: OpenDelivery): Promise<void> {
    const end = await open.ended
    if (end.kind === 'failed') return this.#crash.abort(new Fatal(end.error))
    if (end.kind === 'abandoned' || !this.#isCurrent(claim)) return
    if (end.kind === 'repositioned') {
      claim.positioned = this.#position(claim)
      return
    }
    claim.nextOffset = open.delivery.nextOffset
    if (this.#uncommitted.size === 0) this.#commitTimer = setTimeout(() => void this.#commit(), COMMIT_EVERY_MS)
    this.#uncommitted.add(claim)
  }

  /** Resolves when no such delivery is in flight; default: none at all. */
  async #allEnded(which: (delivery: Delivery) => boolean = () => true): Promise<void> {
    await Promise.all([...this.#inFlight].filter(([{ delivery }]) => which(delivery)).map(([, ended]) => ended))
  }

  /** Moves the group's own commit to where its partitions are, all in one request. */
  async #commit(): Promise<void> {
    const offsets = [...this.#uncommitted]
      .filter((claim) => this.#isCurrent(claim))
      .map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: String(nextOffset) }))
    this.#uncommitted.clear()
    if (offsets.length === 0) return
    try {
      await this.#consumer.commitOffsets(offsets)
    } catch (error: unknown) {
      // A rebalance under way is the usual reason; the stored offset is the one that counts.
      this.kafka.log.debug({ partitions: offsets.length, error }, 'group commit skipped')
    }
  }

  #isCurrent(claim: Claim): boolean {
    return this.#claims.get(keyOf(claim)) === claim
  }
}

/** In place of a topic id that could not be read. */
const UNKNOWN = Symbol('unknown topic id')

const keyOf = ({ topic, partition }: { topic: string; partition: number }) => `${topic}/${partition}`

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
