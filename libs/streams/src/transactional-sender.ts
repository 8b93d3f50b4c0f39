import { Partitioners, type Producer, type Transaction } from 'kafkajs'
import { withAdmin } from './admin.js'
import { toBrokerError } from './errors.js'
import { type KafkaConnection, speaking } from './kafka.js'
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
   * @throws {SenderFenced} when a later sender has taken the transactional id over
   * @throws {BrokerUnavailable | BrokerRefused}
   */
  send(messages: readonly OutgoingMessage[], position: bigint): Promise<void>
  close(): Promise<void>
}

// What the broker allows an open transaction; also how long a dead sender can hold back readers of committed data.
const TRANSACTION_TIMEOUT_MS = 30_000
// A broker that still writes a transaction's end refuses the next one for some ms; kafkajs would wait 200 ms for it.
const RETRY = { initialRetryTime: 20, retries: 10 }

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
    // kafkajs numbers idempotent batches when it sends them: two in flight may arrive out of order.
    maxInFlightRequests: 1,
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
  return {
    send: (messages, position) => speaking(() => sendInOne(producer, mark, messages, position)),
    close: () => speaking(() => producer.disconnect()),
  }
}

async function sendInOne(
  producer: Producer,
  mark: RelayMark,
  messages: readonly OutgoingMessage[],
  position: bigint,
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    for (const topicMessages of requestsOf(messages)) await transaction.sendBatch({ topicMessages })
    await transaction.sendOffsets({
      consumerGroupId: mark.groupId,
      topics: [{ topic: mark.topic, partitions: [{ partition: mark.partition, offset: String(position) }] }],
    })
    await transaction.commit()
  } catch (thrown: unknown) {
    await abort(transaction)
    throw thrown
  }
}

/** Best effort: what can not be aborted now is aborted by the next sender's fencing, or by the timeout. */
async function abort(transaction: Transaction): Promise<void> {
  if (transaction.isActive()) await transaction.abort().catch(() => {})
}

/** Gives the last position that was committed, or null when none was. @throws {BrokerUnavailable | BrokerRefused} */
export function readMark(kafka: KafkaConnection, { groupId, topic, partition }: RelayMark): Promise<bigint | null> {
  return withAdmin(kafka, async (admin) => {
    const [group] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const position = BigInt(group?.partitions.find((at) => at.partition === partition)?.offset ?? -1)
    return position < 0n ? null : position
  })
}
