import { setTimeout as sleep } from 'node:timers/promises'
import { Partitioners, type Producer, type Transaction } from 'kafkajs'
import { withAdmin } from './admin.js'
import { TransactionPending, toBrokerError } from './errors.js'
import { type KafkaConnection, speaking } from './kafka.js'
import { holdCoordinators } from './kafkajs-internals/coordinators.js'
import { type OutgoingMessage, requestsOf } from './producer.js'

/** Where a relay notes how far it has sent: an offset of a group on a partition that nobody consumes by it. */
export interface RelayMark {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

export interface TransactionalSender {
  /**
   * Sends all messages and moves the mark to `position` in one Kafka transaction: readers of committed data see all or
   * nothing, and the mark never parts from the messages.
   *
   * After any error the sender is spent, because the transaction's outcome may be unknown: make another, which settles
   * it, then read the mark.
   *
   * @param first  started together with the sending; the transaction is committed when it has resolved, and aborted when it rejects
   * @throws {SenderFenced} when a later sender has taken the transactional id over
   * @throws {BrokerUnavailable | BrokerRefused} or what `first` rejects with
   */
  send(messages: readonly OutgoingMessage[], position: bigint, first?: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

// What the broker allows an open transaction; also how long a dead sender can hold back readers of committed data.
const TRANSACTION_TIMEOUT_MS = 30_000
// A broker that still writes a transaction's end refuses the next one for some ms; kafkajs would wait 200 ms for it.
const RETRY_MS = 5
const RETRY = { initialRetryTime: RETRY_MS, retries: 12 }
const MARK_ATTEMPTS = 400

/**
 * Connects a sender that owns `transactionalId`: whoever held it before is fenced off, and its open transaction settled,
 * before this resolves; what `readMark` gives afterwards is therefore final.
 *
 * @throws {BrokerUnavailable | BrokerRefused}
 */
export async function makeTransactionalSender(
  kafka: KafkaConnection,
  { transactionalId, mark }: { readonly transactionalId: string; readonly mark: RelayMark },
): Promise<TransactionalSender> {
  const producer = kafka.kafkajs.producer({
    transactionalId,
    idempotent: true,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
    retry: RETRY,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  try {
    await producer.connect()
    // kafkajs takes the transactional id over with its first transaction only, not when it connects.
    const first = await producer.transaction()
    await first.abort()
  } catch (thrown: unknown) {
    await producer.disconnect().catch(() => {})
    throw toBrokerError(thrown)
  }
  const forgetCoordinators = holdCoordinators([transactionalId, mark.groupId])
  return {
    send: (messages, position, first = async () => {}) =>
      speaking(() =>
        sendInOne(producer, [(own) => sendAll(own, messages), (own) => moveMark(own, mark, position), first]).catch(
          (thrown: unknown) => {
            forgetCoordinators()
            throw thrown
          },
        ),
      ),
    close: () => {
      forgetCoordinators()
      return speaking(() => producer.disconnect())
    },
  }
}

async function sendInOne(
  producer: Producer,
  parts: readonly ((transaction: Transaction) => Promise<void>)[],
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    // All at once, and all ended before the transaction is, even when one fails: what comes late would begin another.
    const ended = await Promise.allSettled(parts.map((part) => part(transaction)))
    for (const part of ended) if (part.status === 'rejected') throw part.reason
    await transaction.commit()
  } catch (thrown: unknown) {
    await abort(transaction)
    throw thrown
  }
}

/** One request after the other: kafkajs numbers idempotent batches when it sends them, so two in flight may arrive out of order. */
async function sendAll(transaction: Transaction, messages: readonly OutgoingMessage[]): Promise<void> {
  for (const topicMessages of requestsOf(messages)) await transaction.sendBatch({ topicMessages })
}

async function moveMark(
  transaction: Transaction,
  { groupId, topic, partition }: RelayMark,
  position: bigint,
): Promise<void> {
  const topics = [{ topic, partitions: [{ partition, offset: String(position) }] }]
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction.sendOffsets({ consumerGroupId: groupId, topics })
    } catch (thrown: unknown) {
      // kafkajs retries when the broker refuses to add a batch to the transaction, and not when it refuses the mark.
      if (!(toBrokerError(thrown) instanceof TransactionPending) || attempt === MARK_ATTEMPTS) throw thrown
      await sleep(RETRY_MS)
    }
  }
}

/** Best effort: what cannot be aborted now is aborted by the next sender's fencing, or by the timeout. */
async function abort(transaction: Transaction): Promise<void> {
  if (transaction.isActive()) await transaction.abort().catch(() => {})
}

/** Returns the last position that was committed, or null when none was. @throws {BrokerUnavailable | BrokerRefused} */
export function readMark(kafka: KafkaConnection, { groupId, topic, partition }: RelayMark): Promise<bigint | null> {
  return withAdmin(kafka, async (admin) => {
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const position = BigInt(group?.partitions.find((at) => at.partition === partition)?.offset ?? -1)
    return position < 0n ? null : position
  })
}
