import { type AlertEvent, alertEventSchema, formatPosition } from '@outflow/contracts'
import { type Delivery, deliveries, type KafkaConnection, positionsInMemory } from '@outflow/streams'

/** An alert that was read from the topic. */
export interface ReadAlert {
  /** Position of its record: `topic/partition/offset`. */
  readonly position: string
  readonly readAtMs: number
  readonly data: AlertEvent['data']
}

export interface AlertReader {
  /** In the order of reading; grows while the reader is open. */
  readonly alerts: readonly ReadAlert[]
  close(): Promise<void>
}

/** Reads the alerts topic from its beginning, like any consumer of alerts: committed data only. */
export function openAlertReader(
  kafka: KafkaConnection,
  { topic, onFailure }: { readonly topic: string; readonly onFailure: (error: unknown) => void },
): AlertReader {
  const alerts: ReadAlert[] = []
  const onDelivery = (delivery: Delivery): void => {
    const readAtMs = Date.now()
    try {
      alerts.push(...readDelivery(delivery, readAtMs))
      delivery.acknowledge()
    } catch (error: unknown) {
      delivery.fail(error)
    }
  }
  const stop = new AbortController()
  const ended = new Promise<void>((resolve) => {
    deliveries(kafka, {
      groupId: `${topic}-reader`,
      topics: [topic],
      from: 'earliest',
      positions: positionsInMemory(),
      signal: stop.signal,
    }).subscribe({
      next: onDelivery,
      error: (error: unknown) => {
        onFailure(error)
        resolve()
      },
      complete: resolve,
    })
  })
  return {
    alerts,
    close: async () => {
      stop.abort()
      await ended
    },
  }
}

function readDelivery({ records }: Delivery, readAtMs: number): readonly ReadAlert[] {
  return records.map(({ value }) => {
    const { data } = alertEventSchema.parse(JSON.parse(String(value)))
    const { topic, partition, offset } = data
    return { position: formatPosition({ topic, partition, offset: BigInt(offset) }), readAtMs, data }
  })
}
