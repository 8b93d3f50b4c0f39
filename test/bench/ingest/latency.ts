import { setTimeout as sleep } from 'node:timers/promises'
import { ALERT_EVENT_TYPE } from '@outflow/contracts'
import { plainKafka } from '../../support/kafkajs.js'
import { type Event, PARTITIONS } from './events.js'
import { makePreparedProducer } from './prepared-producer.js'
import type { Running } from './running.js'

export interface Latency {
  /** Requested rate, and the rate that the producer reached. */
  readonly perSecondAsked: number
  readonly perSecond: number
  readonly alerts: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface LatencyOptions {
  readonly brokers: readonly string[]
  readonly topic: string
  readonly events: readonly Event[]
  readonly perSecond: number
  readonly seconds: number
}

/** Interval between two requests. */
const TICK_MS = 5
/** Maximum records per request: a request with all records that a slow one delayed would be slow as well, and so on. */
const MAX_RECORDS_PER_REQUEST = 500 * PARTITIONS
/**
 * Alerts of the first seconds are not counted, while the broker and outflow compile code that runs ten times a second. Of 45 s at
 * 10,000 records/s the first quarter had a median of 69 ms, the others 52 to 54.
 */
const WARM_UP_MS = 12_000

/**
 * Produces at a steady rate and reads the committed alerts. Latency is the time from passing a record to
 * the producer, its Kafka timestamp, to the reception of its alert.
 */
export async function measureLatency(running: Running, options: LatencyOptions): Promise<Latency> {
  const { brokers, topic, events, perSecond, seconds } = options
  const consumer = plainKafka(brokers).consumer({ groupId: `${running.alertsTopic}.reader`, maxWaitTimeInMs: 5_000 })
  const delays: number[] = []
  let countFrom = Number.POSITIVE_INFINITY
  await consumer.connect()
  await consumer.subscribe({ topic: running.alertsTopic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const alert = JSON.parse(message.value!.toString('utf8')) as { readonly type: string; readonly time: string }
      const producedAt = Date.parse(alert.time)
      if (alert.type === ALERT_EVENT_TYPE && producedAt >= countFrom) delays.push(Date.now() - producedAt)
    },
  })
  const producer = await makePreparedProducer({ brokers, topic }, events)
  await producer.send(0, PARTITIONS)
  while ((await running.stored()) < PARTITIONS) await sleep(20)

  const startedAt = performance.now()
  countFrom = Date.now() + WARM_UP_MS
  let sent = PARTITIONS
  for (let elapsedMs = 0; elapsedMs < WARM_UP_MS + seconds * 1_000; elapsedMs = performance.now() - startedAt) {
    // All records that are due: a slow request does not slow the stream down.
    const due = PARTITIONS + Math.floor((perSecond * elapsedMs) / 1_000)
    const count = Math.min(due - sent, MAX_RECORDS_PER_REQUEST)
    if (count > 0) await producer.send(sent, count)
    sent += count
    if (sent === due) await sleep(TICK_MS)
  }
  const reached = (1_000 * (sent - PARTITIONS)) / (performance.now() - startedAt)
  while ((await running.stored()) < sent) await sleep(50)
  await sleep(500)
  producer.close()
  await Promise.all([consumer.disconnect(), running.stop()])
  delays.sort((a, b) => a - b)
  const quantile = (share: number) =>
    delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? Number.NaN
  return {
    perSecondAsked: perSecond,
    perSecond: Math.round(reached),
    alerts: delays.length,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  }
}
