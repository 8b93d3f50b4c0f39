import { kafkaError } from './kafka-errors.js'
import type { PartitionLog } from './partition-log.js'
import type { Scheduler } from './scheduler.js'
import type { OffsetsOf, SimulatedGroups } from './simulated-groups.js'

interface Transaction {
  readonly producerId: number
  epoch: number
  timeoutMs: number
  state: 'empty' | 'ongoing' | 'ending' | 'committed' | 'aborted'
  /** `topic/partition` */
  partitions: Set<string>
  groups: Set<string>
  cancelTimeout: () => void
}

export interface TransactionRequest {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
}

interface TransactionsDeps {
  readonly scheduler: Scheduler
  readonly groups: SimulatedGroups
  readonly partition: (topic: string, partition: number) => PartitionLog
}

/** The transaction coordinator, as brokers provide it to clients without KIP-890. */
export class SimulatedTransactions {
  readonly #byId = new Map<string, Transaction>()
  #producerCount = 0
  onBegin = () => {}

  constructor(private readonly deps: TransactionsDeps) {}

  /** Transactions that have begun and not ended. */
  get open(): number {
    return [...this.#byId.values()].filter(({ state }) => state === 'ongoing' || state === 'ending').length
  }

  init(transactionalId: string | undefined, timeoutMs: number): { producerId: number; producerEpoch: number } {
    if (!transactionalId) return { producerId: ++this.#producerCount, producerEpoch: 0 }
    const known = this.#byId.get(transactionalId)
    if (known === undefined) {
      const producerId = ++this.#producerCount
      this.#byId.set(transactionalId, {
        ...{ producerId, epoch: 0, timeoutMs, state: 'empty', partitions: new Set(), groups: new Set() },
        cancelTimeout: () => {},
      })
      return { producerId, producerEpoch: 0 }
    }
    if (known.state === 'ongoing') this.#abortFenced(known)
    if (known.state === 'ending') throw kafkaError('CONCURRENT_TRANSACTIONS')
    known.epoch += 1
    known.timeoutMs = timeoutMs
    known.state = 'empty'
    return { producerId: known.producerId, producerEpoch: known.epoch }
  }

  addPartitions(
    request: TransactionRequest & {
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[]
    },
  ): object {
    const own = this.#begin(request)
    for (const { topic, partitions } of request.topics)
      for (const partition of partitions) own.partitions.add(`${topic}/${partition}`)
    return {}
  }

  addOffsets(request: TransactionRequest & { readonly groupId: string }): object {
    this.#begin(request).groups.add(request.groupId)
    return {}
  }

  commitOffsets(
    request: TransactionRequest & { readonly groupId: string; readonly topics: readonly OffsetsOf[] },
  ): object {
    const { groupId, producerId, producerEpoch, topics } = request
    const own = this.#byId.get(request.transactionalId)
    if (own?.state !== 'ongoing' || own.epoch !== producerEpoch || !own.groups.has(groupId))
      throw kafkaError('INVALID_TXN_STATE')
    this.deps.groups.commitInTransaction(groupId, producerId, producerEpoch, topics)
    return {}
  }

  /**
   * A partition verifies with the coordinator that a transaction is open before it accepts its first batch:
   * `transaction.partition.verification.enable` of brokers since Kafka 3.6, on by default.
   *
   * @throws when it is not open
   */
  verify({ transactionalId, producerEpoch }: TransactionRequest, topic: string, partition: number): void {
    const own = this.#byId.get(transactionalId)
    if (own?.state === 'ongoing' && own.epoch === producerEpoch && own.partitions.has(`${topic}/${partition}`)) return
    throw kafkaError('INVALID_TXN_STATE')
  }

  end(request: TransactionRequest & { readonly transactionResult: boolean }): object {
    const own = this.#own(request)
    const wanted = request.transactionResult ? 'committed' : 'aborted'
    if (own.state === 'ending') throw kafkaError('CONCURRENT_TRANSACTIONS')
    if (own.state === wanted) return {}
    if (own.state !== 'ongoing') throw kafkaError('INVALID_TXN_STATE')
    this.#end(own, own.epoch, wanted)
    return {}
  }

  #own({ transactionalId, producerId, producerEpoch }: TransactionRequest): Transaction {
    const own = this.#byId.get(transactionalId)
    if (own?.producerId !== producerId) throw kafkaError('INVALID_PRODUCER_ID_MAPPING')
    if (own.epoch !== producerEpoch) throw kafkaError('INVALID_PRODUCER_EPOCH')
    return own
  }

  #begin(request: TransactionRequest): Transaction {
    const own = this.#own(request)
    if (own.state === 'ending') throw kafkaError('CONCURRENT_TRANSACTIONS')
    if (own.state !== 'ongoing') {
      Object.assign(own, { state: 'ongoing', partitions: new Set(), groups: new Set() })
      own.cancelTimeout = this.deps.scheduler.after(own.timeoutMs, null, () => {
        this.#note(own, 'times out')
        this.#abortFenced(own)
      })
      this.onBegin()
    }
    return own
  }

  /** Aborts a transaction, and fences its producer. */
  #abortFenced(own: Transaction): void {
    own.epoch += 1
    this.#end(own, own.epoch, 'aborted')
  }

  /** Decides the outcome at once; partitions and groups receive it one after another, some ms later. */
  #end(own: Transaction, epoch: number, outcome: 'committed' | 'aborted'): void {
    const { scheduler, groups, partition } = this.deps
    own.cancelTimeout()
    own.state = 'ending'
    const marker = outcome === 'committed' ? 'commit' : 'abort'
    const ends = [
      ...[...own.groups].map((groupId) => () => groups.endTransaction(groupId, own.producerId, epoch, marker)),
      ...[...own.partitions].map((key) => () => {
        const at = key.lastIndexOf('/')
        partition(key.slice(0, at), Number(key.slice(at + 1))).endTransaction(own.producerId, epoch, marker)
      }),
    ]
    const next = () => {
      const end = ends.shift()
      end?.()
      if (ends.length > 0) scheduler.after(scheduler.random.below(10), null, next)
      else {
        own.state = outcome
        this.#note(own, `is ${outcome}`)
      }
    }
    scheduler.after(scheduler.random.below(10), null, next)
  }

  #note({ producerId, epoch }: Transaction, what: string): void {
    const { scheduler } = this.deps
    scheduler.trace(scheduler.nowMs, 'broker', `transaction of producer ${producerId}, epoch ${epoch}, ${what}`)
  }
}
