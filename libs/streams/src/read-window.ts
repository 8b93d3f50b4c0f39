import type { KafkaRecord } from './delivery.js'
import type { KafkaConnection } from './kafka.js'

export interface WindowRecord extends KafkaRecord {
  readonly topic: string
  readonly partition: number
}

export interface WindowOptions {
  readonly topics: readonly string[]
  /** Kafka's record timestamps, epoch ms: from ≤ t < to. */
  readonly fromMs: number
  /** Default: the end of each partition when the call begins. */
  readonly toMs?: number
  /** A larger window is sampled uniformly. */
  readonly maxRows: number
  /** The same seed and window give the same sample. */
  readonly seed: number
  readonly onProgress?: (progress: { readonly read: number; readonly expected: number }) => void
  readonly signal?: AbortSignal
}

export interface Window {
  /** By topic, partition and offset. */
  readonly records: readonly WindowRecord[]
  /** Records in the window before sampling. */
  readonly seen: number
}

/**
 * Reads a time window of topics once, outside any pipeline's group, and gives a uniform sample of it.
 *
 * @throws {BrokerUnavailable | BrokerRefused}; the signal's reason when it aborts
 */
export function readWindow(kafka: KafkaConnection, options: WindowOptions): Promise<Window> {
  throw new Error(`not built yet ${kafka} ${options}`)
}
