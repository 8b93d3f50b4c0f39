import { alertEventSchema, formatPosition } from '@outflow/contracts'
import { type Delivery, type KafkaConnection, positionsInMemory } from '@outflow/streams'
import { deliveries } from '@outflow/streams/deliveries'
import type { DemoObservations } from './summary.js'

export type AlertReader = ReturnType<typeof openAlertReader>

/** Reads the alerts topic from its beginning, like any consumer of alerts: committed data only. */
export function openAlertReader(
  kafka: KafkaConnection,
  { topic, onFailure }: { readonly topic: string; readonly onFailure: (error: unknown) => void },
) {
  const alerts: DemoObservations['alerts'][number][] = []
  const onDelivery = (delivery: Delivery): void => {
    const readAtMs = Date.now()
    try {
      for (const { value } of delivery.records) {
        const { topic, partition, offset } = alertEventSchema.parse(JSON.parse(String(value))).data
        alerts.push({ position: formatPosition({ topic, partition, offset: BigInt(offset) }), readAtMs })
      }
      delivery.acknowledge()
    } catch (error: unknown) {
      delivery.fail(error)
    }
  }
  const stop = new AbortController()
  const alerts$ = deliveries(kafka, {
    groupId: `${topic}-reader`,
    topics: [topic],
    from: 'earliest',
    positions: positionsInMemory(),
    signal: stop.signal,
  })
  const ended = alerts$.forEach(onDelivery).catch(onFailure)
  return {
    /** In the order of reading; grows while the reader is open. */
    alerts,
    close: async () => {
      stop.abort()
      await ended
    },
  }
}
