import { setTimeout as sleep } from 'node:timers/promises'
import { isRetryable } from '@outflow/errors'
import { type Infrastructure, launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool, type Pool } from '@outflow/store'
import { partitionCounters, writeBatch } from '@outflow/store/batch'
import {
  BrokerUnavailable,
  type Delivery,
  deliveries,
  describeCluster,
  ensureTopics,
  makeKafka,
  makeProducer,
} from '@outflow/streams'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { positionsOf } from '../../services/ingest/src/positions.js'
import { NO_ROWS } from '../support/begin-partition.js'
import { eventually } from '../support/eventually.js'

const PIPELINE = 'flights'
const TOPIC = 'flights'

let infrastructure: Infrastructure
let pool: Pool
let kafka: ReturnType<typeof makeKafka>
let fed = 0
/** Calls that failed and were retried. */
let failed = 0

// Its own servers: those of the run are shared with other tests. Given servers must not be stopped.
const isGiven = process.env.KAFKA_BROKERS !== undefined || process.env.DATABASE_URL !== undefined

beforeAll(async () => {
  if (isGiven) return
  infrastructure = await launchInfrastructure()
  await migrate(infrastructure.postgres.url)
  pool = openPool(infrastructure.postgres.url)
  kafka = makeKafka({ brokers: infrastructure.kafka.brokers, clientId: 'test' })
  await ensureTopics(kafka, [{ topic: TOPIC, partitions: 2 }])
})
afterAll(async () => {
  await pool?.end()
  await infrastructure?.stop()
})

describe('an outage of a server', () => {
  beforeEach(({ skip }) => {
    if (isGiven) skip('KAFKA_BROKERS or DATABASE_URL is given: it must not be stopped')
  })

  it.each(['broker stopped', 'broker killed', 'database stopped', 'database killed'])(
    'of the %s while records arrive loses and duplicates nothing',
    async (outage) => {
      const part = outage.startsWith('broker') ? infrastructure.kafka : infrastructure.postgres
      const stop = new AbortController()
      const done = countDeliveries(stop.signal)
      done.catch(() => {})
      const begin = fed
      const feeding = feed()
      await eventually(async () => (await counted()) > begin + 500, { what: '500 records are counted' })

      const failedBefore = failed
      await (outage.endsWith('killed') ? part.control!.kill() : part.control!.stop())
      await eventually(() => failed > failedBefore, { what: 'a call fails' })
      await part.control!.start()
      const before = fed
      await eventually(() => fed >= before + 500, { what: '500 more are sent' })
      await feeding.stop()
      await eventually(async () => (await counted()) >= fed, { what: 'all are counted' })
      stop.abort()
      await done

      expect(await counted()).toBe(fed)
    },
  )

  it('makes a request to the broker fail with a retryable error', async () => {
    await infrastructure.kafka.control!.stop()
    const error = await describeCluster(kafka).catch((thrown: unknown) => thrown)
    await infrastructure.kafka.control!.start()
    expect(error).toBeInstanceOf(BrokerUnavailable)
    expect(isRetryable(error)).toBe(true)
  })
})

/** Like ingest: each batch is retried until the store accepts it. */
function countDeliveries(signal: AbortSignal): Promise<void> {
  const handle = async (delivery: Delivery) => {
    const { topic, partition, expectedOffset, nextOffset, records } = delivery
    const batch = { pipeline: PIPELINE, topic, partition, expectedOffset, nextOffset }
    const counts = { received: records.length, scored: records.length }
    try {
      const outcome = await persistently(() => writeBatch(pool, { ...NO_ROWS, ...batch, ...counts }))
      if (outcome === 'superseded') delivery.reposition()
      else delivery.acknowledge()
    } catch (error: unknown) {
      delivery.fail(error)
    }
  }
  return new Promise((resolve, reject) => {
    deliveries(kafka, {
      groupId: PIPELINE,
      topics: [TOPIC],
      from: 'earliest',
      positions: positionsOf(pool, PIPELINE),
      signal,
      sessionTimeoutMs: 6_000,
    }).subscribe({ next: handle, error: reject, complete: resolve })
  })
}

function feed(): { stop(): Promise<void> } {
  let stopped = false
  const feeding = (async () => {
    const producer = await persistently(() => makeProducer(kafka))
    while (!stopped) {
      const messages = Array.from({ length: 20 }, (_, index) => ({
        topic: TOPIC,
        key: null,
        value: `${fed + index}`,
        partition: index % 2,
      }))
      await persistently(() => producer.send(messages))
      fed += 20
      await sleep(20)
    }
    await producer.close()
  })()
  return {
    stop() {
      stopped = true
      return feeding
    },
  }
}

async function persistently<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act()
    } catch (error: unknown) {
      if (!isRetryable(error)) throw error
      failed += 1
      await sleep(200)
    }
  }
}

async function counted(): Promise<number> {
  const counters = await persistently(() => partitionCounters(pool, PIPELINE))
  return counters.reduce((sum, { received }) => sum + received, 0)
}
