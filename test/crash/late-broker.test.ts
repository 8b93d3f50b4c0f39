import { setTimeout as sleep } from 'node:timers/promises'
import { runAlerts } from '@outflow/alerts'
import { parseConfig } from '@outflow/contracts'
import { makeLog, makeVitals } from '@outflow/runtime'
import { openPool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { beginPartition } from '../support/begin-partition.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { aLateBroker, type Fault, type LateBroker, type RequestKind } from '../support/late-broker.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { readCommitted } from '../support/topic-reader.js'

// Longer than the timeout of a transaction, 30 s, and of a request.
const PAST_TRANSACTION_MS = 35_000
// Longer than the session timeout of a group member, 10 s.
const PAST_SESSION_MS = 12_000

test('issue 23: each alert is committed once and in order when a broker answers late, also after the transaction timeout', async () => {
  const found = await Promise.all(Array.from({ length: 6 }, (_, at) => relayThroughLateBroker(20 + at)))
  const faults = found.flatMap((late) => [...late.faults])
  console.log('late broker and relay:', JSON.stringify(tally(faults)))
  expect(faults.length).toBeGreaterThan(0)
})

test('issue 23: each record counts once and each alert is sent once, when a broker answers late, also after the session timeout', async () => {
  const faultOf = faults(31, { oneIn: 15, longestMs: PAST_SESSION_MS })
  const late = await aLateBroker(kafkaBrokers()[0]!, faultOf.next)
  const pipeline = await aParcelPipeline({ model: await parcelModel(), brokers: late.brokers })
  for (const service of ['ingest', 'ingest', 'alerts'] as const) startService(service, pipeline.configFile)
  const feed = pipeline.feed(31, { perSecond: 500 })
  await sleep(60_000)
  faultOf.end()
  await feed.stop()
  await expectEverythingOnce(pipeline)
  console.log('late broker, ingest and relay:', JSON.stringify(tally([...late.faults])))
})

test('issue 23: each record counts once and each alert is sent once, however often a connection is cut after a commit', async () => {
  const chance = makeChance(41)
  let cuts = 0
  let isCutting = false
  const databaseUrl = await aCutPostgres(await aDatabase(), () => {
    if (!isCutting || chance.below(20) > 0) return false
    cuts += 1
    return true
  })
  const pipeline = await aParcelPipeline({ model: await parcelModel(), databaseUrl })
  isCutting = true
  for (const service of ['ingest', 'alerts'] as const) startService(service, pipeline.configFile)
  const feed = pipeline.feed(41, { perSecond: 1_000 })
  await eventually(async () => cuts >= 200, { what: '200 connections are cut', withinMs: 120_000 })
  isCutting = false
  await feed.stop()
  await expectEverythingOnce(pipeline)
  console.log(`connections to Postgres cut: ${cuts}`)
})

/** Relays messages one after another through a broker with faults, and compares the committed messages with the queued ones. */
async function relayThroughLateBroker(seed: number): Promise<LateBroker> {
  const faultOf = faults(seed, { oneIn: 10, longestMs: PAST_TRANSACTION_MS })
  const late = await aLateBroker(kafkaBrokers()[0]!, faultOf.next)
  const [source, alerts, deadLetters, url] = await Promise.all([aTopic(), aTopic(), aTopic(), aDatabase()])
  const config = parseConfig(
    {
      pipeline: aName('relay'),
      kafka: { brokers: late.brokers },
      postgres: { url },
      source: { topics: [source] },
      features: [{ path: '$.load', type: 'numeric' }],
      alerts: { topic: alerts },
      deadLetters: { topic: deadLetters },
    },
    {},
  )
  const pool = openPool(url)
  const abort = new AbortController()
  const log = makeLog({ service: 'test', level: 'error', destination: process.stderr })
  const running = runAlerts({ config, log, vitals: makeVitals(), signal: abort.signal })
  const chance = makeChance(seed)
  const { pipeline } = config
  await beginPartition(pool, { pipeline, topic: source })
  const count = 150
  for (let offset = 0n; offset < count; offset += 1n) {
    await writeBatch(pool, {
      ...{
        pipeline,
        topic: source,
        partition: 0,
        expectedOffset: offset,
        nextOffset: offset + 1n,
        received: 0,
        scored: 0,
      },
      ...{ anomalies: [], deadLetters: [], scores: [], rejections: [] },
      outbox: [
        {
          kind: 'dead_letter',
          topic: deadLetters,
          key: Buffer.from('k'),
          payload: Buffer.from(String(offset)),
          headers: [],
        },
      ],
    })
    await sleep(chance.below(500))
  }
  faultOf.end()
  await untilOutboxIsEmpty(pool)
  abort.abort()
  await running
  await pool.end()
  const sent = await readCommitted(kafkaBrokers(), deadLetters)
  expect(sent.map(({ value }) => String(value))).toEqual(Array.from({ length: count }, (_, at) => String(at)))
  return late
}

/** Faults of requests, chosen by a seed, until `end` is called. */
function faults(seed: number, { oneIn, longestMs }: { readonly oneIn: number; readonly longestMs: number }) {
  const chance = makeChance(seed)
  let isOver = false
  const pick = <T>(from: readonly T[]): T => from[chance.below(from.length)]!
  return {
    next: (_request: RequestKind): Fault | null => {
      if (isOver || chance.below(oneIn) > 0) return null
      const ms = pick([20, 20, 200, 200, 200, 1_000, 1_000, 3_000, 3_000, longestMs])
      const kind = pick(['late request', 'late answer', 'repeated', 'lost request', 'lost answer'] as const)
      return { kind, ms }
    },
    end: () => {
      isOver = true
    },
  }
}

function tally(counted: readonly (readonly [string, number])[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [what, count] of counted) total[what] = (total[what] ?? 0) + count
  return total
}
