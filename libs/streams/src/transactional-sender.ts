import type { KafkaConnection } from './kafka.js'
import type { OutgoingMessage } from './producer.js'

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
   * @throws {SenderFenced} when a later sender has taken the transactional id over
   * @throws {BrokerUnavailable | BrokerRefused} the transaction was aborted, or its outcome is unknown: read the mark
   */
  send(messages: readonly OutgoingMessage[], position: bigint): Promise<void>
  close(): Promise<void>
}

/**
 * Connects a sender that owns `transactionalId`: whoever held it before is fenced off, and its open transaction aborted,
 * before this resolves; what `readMark` gives afterwards is therefore final.
 */
export function makeTransactionalSender(
  kafka: KafkaConnection,
  options: { readonly transactionalId: string; readonly mark: RelayMark },
): Promise<TransactionalSender> {
  throw new Error(`not built yet ${kafka} ${options}`)
}

/** Gives the last position that was committed, or null when none was. */
export function readMark(kafka: KafkaConnection, mark: RelayMark): Promise<bigint | null> {
  throw new Error(`not built yet ${kafka} ${mark}`)
}
