import type { KafkaHeaders } from './delivery.js'
import type { KafkaConnection } from './kafka.js'

export interface OutgoingMessage {
  readonly topic: string
  readonly key: Uint8Array | string | null
  readonly value: Uint8Array | string | null
  readonly headers?: KafkaHeaders
  /** Default: Kafka's hash of the key. */
  readonly partition?: number
  /** Epoch ms; default: now. */
  readonly timestampMs?: number
}

export interface Producer {
  /** Sends all, in order per partition; resolves when every in-sync replica has them. @throws {BrokerUnavailable | BrokerRefused} */
  send(messages: readonly OutgoingMessage[]): Promise<void>
  close(): Promise<void>
}

/** Connects an idempotent producer. @throws {BrokerUnavailable} */
export function makeProducer(kafka: KafkaConnection): Promise<Producer> {
  throw new Error(`not built yet ${kafka}`)
}
