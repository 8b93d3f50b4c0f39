import { pause } from '@outflow/errors/retrying'
import type { Producer, Transaction } from 'kafkajs'
import { withAdmin } from '../admin.js'
import type { KafkaConnection } from '../connection/kafka.js'
import { TransactionPending, toBrokerError, withBrokerErrors } from '../errors.js'
import { holdCoordinators } from '../kafkajs-internals/coordinators.js'
import { placeOnce } from './partitioner.js'
import { type OutgoingMessage, requestsOf, topicsOf } from './producer.js'

/** Where a relay stores the position up to which it has sent: a group offset of a partition that the group does not consume. */
export interface RelayMark {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
}

interface TransactionalSender {
  /**
   * Sends all messages and moves the mark to `position` in one Kafka transaction: readers of committed data get all messages or
   * none, and the mark always agrees with them.
   *
   * After any error the sender must not be used again, because the transaction's outcome may be unknown: make another, which settles
   * the transaction, then read the mark.
   *
   * @param beforeCommit  runs concurrently with sending; the transaction is committed after it has resolved, and aborted if it rejects
   * @throws {SenderFenced} if a later sender has taken over the transactional id
   * @throws {BrokerUnavailable | BrokerRefused} or the error of `beforeCommit`
   */
  send(messages: readonly OutgoingMessage[], position: bigint, beforeCommit?: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

// How long a transaction may be open; a dead sender can block readers of committed data for as long.
const TRANSACTION_TIMEOUT_MS = 30_000
// A broker that is still writing the end of a transaction, or that a batch or the mark belongs to it, refuses the next request for some ms;
// kafkajs's default delay is 200 ms.
const RETRY = { initialRetryTime: 1, retries: 14 }
const MOST_RETRY_MS = 5
const MARK_ATTEMPTS = 400

/**
 * Connects a sender that owns `transactionalId`. Before this resolves, the previous owner is fenced off and its open transaction is
 * settled, so the result of `readMark` afterwards is final.
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
    // A broker would create a deleted topic with its default partitions and message size.
    allowAutoTopicCreation: false,
    retry: RETRY,
    createPartitioner: placeOnce,
  })
  try {
    await producer.connect()
    // kafkajs takes over the transactional id with its first transaction, not when it connects.
    const empty = await producer.transaction()
    await empty.abort()
  } catch (thrown: unknown) {
    await producer.disconnect().catch(() => {})
    throw toBrokerError(thrown, { transactionalId })
  }
  const forgetCoordinators = holdCoordinators([transactionalId, mark.groupId])
  return {
    send: (messages, position, beforeCommit = async () => {}) =>
      withBrokerErrors(
        () =>
          runInTransaction(producer, [
            (transaction) => sendAll(transaction, messages),
            (transaction) => moveMark(transaction, mark, position),
            beforeCommit,
          ]).catch((thrown: unknown) => {
            forgetCoordinators()
            throw thrown
          }),
        { transactionalId, groupId: mark.groupId, topics: topicsOf(messages) },
      ),
    close: () => {
      forgetCoordinators()
      return withBrokerErrors(() => producer.disconnect())
    },
  }
}

async function runInTransaction(
  producer: Producer,
  parts: readonly ((transaction: Transaction) => Promise<void>)[],
): Promise<void> {
  const transaction = await producer.transaction()
  try {
    // All run concurrently, and the transaction ends only after all of them, even if one fails: a late request would begin another one.
    const ended = await Promise.allSettled(parts.map((part) => part(transaction)))
    for (const part of ended) if (part.status === 'rejected') throw part.reason
    await transaction.commit()
  } catch (thrown: unknown) {
    // Best effort: otherwise it is aborted when the next sender fences this one, or by the timeout.
    if (transaction.isActive()) await transaction.abort().catch(() => {})
    throw thrown
  }
}

/** Sends one request at a time: kafkajs numbers idempotent batches on sending, so two in flight may arrive out of order. */
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
      // kafkajs retries if the broker refuses to add a batch to the transaction, but not if it refuses the mark.
      if (!(toBrokerError(thrown) instanceof TransactionPending) || attempt === MARK_ATTEMPTS) throw thrown
      await pause(Math.min(attempt, MOST_RETRY_MS))
    }
  }
}

/**
 * Returns the last committed position, or null if there is none. It is the highest of the group, because the mark may have been at another
 * topic before the topic was renamed in the configuration.
 *
 * @throws {BrokerUnavailable | BrokerRefused}
 */
export function readMark(kafka: KafkaConnection, { groupId }: RelayMark): Promise<bigint | null> {
  return withAdmin(kafka, async (admin) => {
    const topics = await admin.fetchOffsets({ groupId })
    let highest = -1n
    for (const { offset } of topics.flatMap(({ partitions }) => partitions)) {
      if (BigInt(offset) > highest) highest = BigInt(offset)
    }
    return highest < 0n ? null : highest
  })
}
