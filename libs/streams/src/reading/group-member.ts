import { once } from 'node:events'
import type { StoredPosition } from '@outflow/contracts'
import { isRetryable, type OutflowError } from '@outflow/errors'
import { countAttempts, isPowerOfTwo, pause } from '@outflow/errors/retrying'
import type { Consumer, ConsumerGroupJoinEvent, EachBatchPayload } from 'kafkajs'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, toBrokerError } from '../errors.js'
import { openTopicIds, type TopicIds } from '../kafkajs-internals/topic-ids.js'
import { Claim } from './claim.js'
import type { DeliveriesOptions } from './deliveries-options.js'
import {
  type DeliveredBatch,
  type Delivery,
  fetchedOffset,
  type OpenDelivery,
  partitionKeyOf,
  toDelivery,
} from './delivery.js'
import { type Heartbeat, startHeartbeat } from './heartbeat.js'
import { startsOf } from './start.js'

/** Ends the stream with `error`, even if it is retryable, because a delivery or the position store failed with it. */
export class Fatal {
  constructor(readonly error: unknown) {}
}

interface DeliverySink {
  readonly deliver: (delivery: Delivery) => void
  /** Aborted: no new delivery starts; those in flight may end. */
  readonly stop: AbortSignal
  /** Aborted: those in flight will not be ended by the subscriber. */
  readonly abandon: AbortSignal
}

/** A batch that kafkajs has fetched, as it reports it. */
interface FetchedBatch {
  readonly topic: string
  readonly partition: number
  /** Number of records, without those of aborted transactions. */
  readonly batchSize: number
  /** null: the broker returned no offset from the requested one on; `lastOffset` is then the requested one. */
  readonly firstOffset: string | null
  readonly lastOffset: string
  readonly highWatermark: string
}

// The group removes a member without a heartbeat for this long: the partitions of a killed member are not read meanwhile.
const SESSION_TIMEOUT_MS = 10_000
const BEAT_EVERY_MS = SESSION_TIMEOUT_MS / 10
// Short, because a stop waits for an idle fetch to return.
const MAX_FETCH_WAIT_MS = 500
// A stop may take ten seconds; this leaves two for the caller.
const DRAIN_MS = 8_000
// The group's committed offset serves lag tools only; once a second is enough for them. Commits are slow (Kafka 4 collects them for
// 5 ms), so only leaving the group waits for one.
const COMMIT_EVERY_MS = 1_000
const RETRY_MS = 500
// A crash of the store may have undone a confirmed write, and a recreated topic may end where the former one ended. The next record of the
// partition would reveal it, but may arrive much later.
const CHECK_POSITIONS_MS = 10_000
// Added partitions are read after at most this time plus a rebalance.
const METADATA_MAX_AGE_MS = 10_000
// Some two thousand records. A fetch stays in memory until its last batch has ended: more bytes cost memory, fewer bytes CPU.
const MAX_BYTES_PER_PARTITION = 512 * 1024
// kafkajs processes the partitions of a fetch in this many concurrent calls, and fetches again when all have returned.
const PARTITIONS_IN_FLIGHT = 8

/**
 * One membership of a consumer group: joins, delivers, and leaves when stopped.
 *
 * kafkajs can restart a crashed consumer, but only after some errors, and seeks that it has not applied yet would carry over to
 * the next assignment. Its restarts are therefore disabled: a crash ends this member, and the next member creates a new consumer.
 */
export class GroupMember {
  readonly #consumer: Consumer
  readonly #claims = new Map<string, Claim>()
  readonly #inFlight = new Map<OpenDelivery, Promise<void>>()
  /** By topic: attempts to read its positions, also over several assignments. */
  readonly #attempts = new Map<string, ReturnType<typeof countAttempts>>()
  /** The abort reason is the error that ends the membership. */
  readonly #crash = new AbortController()
  /** Ends this membership and everything still in progress. */
  readonly #closed = new AbortController()
  readonly #leaving: AbortSignal
  /** Claims whose position has moved since the last commit of group offsets. */
  readonly #uncommitted = new Set<Claim>()
  #commitTimer: NodeJS.Timeout | undefined
  /** The group's generation whose assignment the member has; `joined` until its first heartbeat. */
  #generation: number | 'joined' | 'rejoining' = 'rejoining'

  constructor(
    readonly kafka: KafkaConnection,
    readonly options: DeliveriesOptions,
    private readonly sink: DeliverySink,
    readonly topicIds: TopicIds = openTopicIds(kafka),
  ) {
    this.#consumer = kafka.kafkajs.consumer({
      groupId: options.groupId,
      sessionTimeout: SESSION_TIMEOUT_MS,
      heartbeatInterval: BEAT_EVERY_MS,
      maxWaitTimeInMs: MAX_FETCH_WAIT_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      allowAutoTopicCreation: false,
      maxBytesPerPartition: options.maxBytesPerPartition ?? MAX_BYTES_PER_PARTITION,
      retry: { retries: 8, restartOnFailure: async () => false },
    })
    this.#leaving = AbortSignal.any([sink.stop, this.#crash.signal, this.#closed.signal])
    AbortSignal.any([sink.abandon, this.#crash.signal, this.#closed.signal]).addEventListener('abort', () => {
      for (const delivery of this.#inFlight.keys()) delivery.abandon()
    })
  }

  /** Resolves when the member was stopped and has left. @throws {Fatal} or the error that made the consumer crash */
  async run(): Promise<void> {
    const joining = this.#join()
    const checking = setInterval(() => void this.#checkPositions(), CHECK_POSITIONS_MS)
    try {
      // Joining ends before the signal only if it fails to connect or to find the topics.
      await Promise.race([joining.then(() => aborted(this.#leaving)), aborted(this.#leaving)])
      if (this.#crash.signal.aborted) throw this.#crash.signal.reason
    } finally {
      const deadline = setTimeout(() => this.#closed.abort(), DRAIN_MS)
      await Promise.race([this.#leave(joining), aborted(this.#closed.signal)])
      clearTimeout(deadline)
      clearTimeout(this.#commitTimer)
      clearInterval(checking)
      this.#closed.abort()
    }
  }

  async #join(): Promise<void> {
    const consumer = this.#consumer
    consumer.on(consumer.events.GROUP_JOIN, (event) => this.#claim(event))
    consumer.on(consumer.events.REBALANCING, () => {
      this.#generation = 'rejoining'
    })
    consumer.on(consumer.events.HEARTBEAT, ({ payload }) => this.#checkGeneration(payload.groupGenerationId))
    // kafkajs assigns partitions of all topics of the group to each member, also to one with fewer topics, which does not read them.
    consumer.on(consumer.events.RECEIVED_UNSUBSCRIBED_TOPICS, ({ payload }) =>
      this.kafka.log.warn({ topics: payload.topicsNotSubscribed, subscribed: this.options.topics }, 'topics not read'),
    )
    // The promise of `run` has resolved by then, so a crash is reported by this event only.
    consumer.on(consumer.events.CRASH, ({ payload }) => this.#crash.abort(payload.error))
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => this.#deliverEmptyBatch(payload))
    // kafkajs would log a missing topic as a failed request, and not name it.
    await Promise.all(this.options.topics.map((topic) => this.topicIds.read(topic)))
    await consumer.connect()
    // startsOf returns where to begin. kafkajs uses fromBeginning only if retention has deleted the offset that it requests; that
    // fetch is then discarded, and the gap is measured.
    await consumer.subscribe({ topics: [...this.options.topics], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_IN_FLIGHT,
      eachBatch: (payload) => this.#eachBatch(payload),
    })
  }

  /** Ends the deliveries in flight and leaves the group. */
  async #leave(joining: Promise<void>): Promise<void> {
    await joining.catch(() => {})
    // After a crash kafkajs has already disconnected, and the deliveries in flight are abandoned.
    if (!this.#crash.signal.aborted) {
      await this.#allEnded()
      await this.#commit()
    }
    await Promise.all([...this.#claims.values()].map(({ positioned }) => positioned))
    await Promise.all([this.#consumer.disconnect(), this.topicIds.close()])
  }

  #claim({ payload }: ConsumerGroupJoinEvent): void {
    this.#generation = 'joined'
    this.#claims.clear()
    for (const [topic, partitions] of Object.entries(payload.memberAssignment)) {
      const claims = partitions.map((partition) => new Claim(topic, partition))
      for (const claim of claims) this.#claims.set(partitionKeyOf(claim), claim)
      const positioned = this.#position(topic, claims)
      for (const claim of claims) claim.positioned = positioned
    }
    const assigned = [...this.#claims.values()].map(({ topic, partition }) => ({ topic, partition }))
    this.options.hooks?.assigned?.(assigned)
  }

  /**
   * Ends a membership without an assignment. If the response to SyncGroup is lost, kafkajs continues with the assignment of the generation
   * before; the broker accepts its heartbeats, so nobody would read the new partitions until the next rebalance.
   */
  #checkGeneration(generation: number): void {
    if (this.#generation === 'joined') this.#generation = generation
    if (this.#generation === generation) return
    const message = 'Kafka is not available: the assignment of partitions was lost while joining the group'
    this.#crash.abort(new BrokerUnavailable(message))
  }

  /**
   * Reads the stored positions of claims of one assignment and sets the consumer there; retries while a store, a broker or a topic is
   * not available.
   *
   * @param afterSkipped where the next fetch of the only claim begins if its position has not moved: offsets between it and a skipped
   *   batch then belong to compacted records, not to records that retention has deleted
   */
  async #position(topic: string, claims: readonly Claim[], afterSkipped?: bigint): Promise<void> {
    const partitions = claims.map(({ partition }) => partition)
    const isCurrent = () => claims.every((claim) => this.#isCurrent(claim))
    // Deliveries in flight of an earlier claim on a partition still move its stored offset.
    await this.#allEnded((delivery) => delivery.topic === topic && partitions.includes(delivery.partition))
    while (!this.#leaving.aborted && isCurrent()) {
      try {
        const starts = await startsOf(this, { topic, partitions })
        if (!isCurrent()) return
        this.#attempts.delete(topic)
        const begun = claims.filter((claim) => this.#begin(claim, starts.get(claim.partition)!, afterSkipped))
        const seeks = begun.map(({ partition, nextOffset }) => ({ topic, partition, offset: nextOffset }))
        if (seeks.length > 0) this.options.hooks?.sought?.(seeks)
        return
      } catch (thrown: unknown) {
        const error = toBrokerError(thrown)
        if (!isRetryable(error)) return this.#crash.abort(new Fatal(error))
        const attempts = this.#attempts.get(topic) ?? countAttempts()
        this.#attempts.set(topic, attempts)
        // A deleted topic may never return.
        if (isPowerOfTwo(attempts.failed(error as OutflowError)))
          this.kafka.log.warn({ topic, partitions, error }, 'stored offset awaited')
        await pause(RETRY_MS, this.#leaving)
      }
    }
  }

  /** @returns whether the consumer was set to another offset */
  #begin(claim: Claim, { nextOffset, topicId }: StoredPosition, afterSkipped?: bigint): boolean {
    if (afterSkipped !== undefined && nextOffset === claim.nextOffset && topicId === claim.topicId) {
      claim.fetchOffset = afterSkipped
      return false
    }
    const { topic, partition } = claim
    Object.assign(claim, { nextOffset, topicId, fetchOffset: nextOffset, seeks: claim.seeks + 1 })
    this.#consumer.seek({ topic, partition, offset: String(nextOffset) })
    return true
  }

  /** Positions a claim after every positioning that has begun, so that an earlier read of the position is never the last one. */
  #positionAgain(claim: Claim): void {
    claim.positioned = claim.positioned.then(() => this.#position(claim.topic, [claim]))
  }

  /**
   * Positions partitions again whose stored position is before the written one, or whose topic was recreated. A fetch reveals neither in a
   * partition that ends at the position.
   */
  async #checkPositions(): Promise<void> {
    if (this.options.positions.movesWithDeliveries !== true) return
    for (const topic of this.options.topics) {
      const before = [...this.#claims.values()].map((claim) => ({ ...claim, claim }))
      // A store or a broker that is not available is read at the next check.
      const found = await Promise.all([this.options.positions.read(topic), this.topicIds.read(topic)]).catch(() => null)
      if (found === null) continue
      const [stored, topicId] = found
      for (const { claim, nextOffset, topicId: known } of before) {
        if (claim.topic !== topic || !this.#isCurrent(claim)) continue
        const position = stored.get(claim.partition)
        const isLost = position !== undefined && position.nextOffset < nextOffset
        // A claim without an id is being positioned.
        if (isLost || (known !== null && known !== topicId)) this.#positionAgain(claim)
      }
    }
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const claim = this.#claims.get(partitionKeyOf(payload.batch))
    if (!claim || this.#leaving.aborted) return
    const heartbeat = startHeartbeat(payload.heartbeat, BEAT_EVERY_MS)
    try {
      await this.#deliverBatch(claim, payload, heartbeat)
    } finally {
      heartbeat.stop()
    }
    // A rebalance was announced meanwhile; the member rejoins only now that the deliveries have ended.
    if (heartbeat.failure) {
      await this.#allEnded()
      throw heartbeat.failure
    }
  }

  /** Delivers a batch that has only transaction markers or aborted records, which kafkajs skips, so that the stored position moves past it. */
  #deliverEmptyBatch(batch: FetchedBatch): void {
    const claim = this.#claims.get(partitionKeyOf(batch))
    if (!claim || batch.batchSize > 0) return
    const first = BigInt(batch.firstOffset ?? batch.lastOffset)
    const next = BigInt(batch.lastOffset) + 1n
    const { seeks, seeksAtBatch } = claim
    claim.seeksAtBatch = seeks
    claim.positioned = claim.positioned.then(async () => {
      // It was fetched before the partition was set to its position; from there it is fetched again.
      if (claim.seeks !== seeks || first < claim.fetchOffset) return
      // The first batch after a seek may have been fetched before it, and then records are between the position and the batch. If they
      // have been compacted instead, the next fetch from the position returns the same batch.
      if (first > claim.fetchOffset && seeks !== seeksAtBatch && claim.unconfirmed !== first) {
        claim.unconfirmed = first
        return this.#position(claim.topic, [claim])
      }
      if (first === claim.fetchOffset) claim.fetchOffset = next
      else await this.#position(claim.topic, [claim], next)
      await claim.ended
      if (claim.fetchOffset !== next || this.#leaving.aborted || !this.#isCurrent(claim)) return
      claim.ended = this.#deliver(claim, toDelivery(emptyBatch(batch), claim))
      await claim.ended
    })
  }

  async #deliverBatch(
    claim: Claim,
    { batch, resolveOffset, isStale }: EachBatchPayload,
    heartbeat: Heartbeat,
  ): Promise<void> {
    // Requested after the fetch: a topic that still has the claim's id had it during the fetch, too.
    const reading = this.topicIds.read(batch.topic).catch(() => UNKNOWN)
    await claim.ended
    const topicId = await reading
    let positioned: Promise<void> | undefined
    // Until both hold at once: there is room for a delivery, and no position of the claim is being read.
    while (positioned !== claim.positioned || this.#inFlight.size >= PARTITIONS_IN_FLIGHT) {
      positioned = claim.positioned
      await positioned
      if (this.#inFlight.size >= PARTITIONS_IN_FLIGHT) await Promise.race(this.#inFlight.values())
    }
    // The batch was fetched before the partition was set to its stored position, or for a claim that a rebalance has ended or is ending.
    if (isStale() || this.#leaving.aborted || !this.#isCurrent(claim) || heartbeat.failure) return
    // The batch is from another topic of this name, or from another offset, because retention has deleted the requested one.
    if (topicId !== claim.topicId || fetchedOffset(batch) !== claim.fetchOffset) return this.#positionAgain(claim)
    const open = toDelivery(batch, claim)
    claim.fetchOffset = open.delivery.nextOffset
    claim.ended = this.#deliver(claim, open)
    resolveOffset(batch.messages.at(-1)!.offset)
    // If the partition has more records, they are fetched meanwhile; otherwise waiting lets the next fetch return more records.
    if (BigInt(batch.highWatermark) <= open.delivery.nextOffset) await claim.ended
  }

  #deliver(claim: Claim, open: OpenDelivery): Promise<void> {
    const ended = this.#untilEnded(claim, open).finally(() => this.#inFlight.delete(open))
    this.#inFlight.set(open, ended)
    claim.seeksAtBatch = claim.seeks
    claim.unconfirmed = null
    this.sink.deliver(open.delivery)
    return ended
  }

  async #untilEnded(claim: Claim, open: OpenDelivery): Promise<void> {
    const end = await open.ended
    if (end.kind === 'acknowledged') open.release()
    if (end.kind === 'failed') return this.#crash.abort(new Fatal(end.error))
    if (end.kind === 'abandoned' || !this.#isCurrent(claim)) return
    if (end.kind === 'repositioned') return this.#positionAgain(claim)
    claim.nextOffset = open.delivery.nextOffset
    if (this.#uncommitted.size === 0) this.#commitTimer = setTimeout(() => void this.#commit(), COMMIT_EVERY_MS)
    this.#uncommitted.add(claim)
  }

  /** Resolves when no delivery selected by `which` is in flight. Default: all deliveries. */
  async #allEnded(which: (delivery: Delivery) => boolean = () => true): Promise<void> {
    await Promise.all([...this.#inFlight].filter(([{ delivery }]) => which(delivery)).map(([, ended]) => ended))
  }

  /** Commits the positions of the group's partitions in one request. */
  async #commit(): Promise<void> {
    const offsets = [...this.#uncommitted]
      .filter((claim) => this.#isCurrent(claim))
      .map(({ topic, partition, nextOffset }) => ({ topic, partition, offset: String(nextOffset) }))
    this.#uncommitted.clear()
    if (offsets.length === 0) return
    try {
      await this.#consumer.commitOffsets(offsets)
    } catch (error: unknown) {
      // Usually caused by a rebalance in progress; only the stored offset matters.
      this.kafka.log.debug({ partitions: offsets.length, error }, 'group commit skipped')
    }
  }

  #isCurrent(claim: Claim): boolean {
    return this.#claims.get(partitionKeyOf(claim)) === claim
  }
}

function emptyBatch({ topic, partition, lastOffset, highWatermark }: FetchedBatch): DeliveredBatch {
  return { topic, partition, messages: [], lastOffset: () => lastOffset, highWatermark }
}

/** Stands for a topic id that could not be read. */
const UNKNOWN = Symbol('unknown topic id')

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
