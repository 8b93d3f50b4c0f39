import { expect, test, vi } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { aLateBroker, type LateBroker } from '../support/late-broker.js'
import { makeFaults, PAST_TRANSACTION_MS, relayMessages, tally } from '../support/late-relay.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { readCommitted } from '../support/topic-reader.js'

// Longer than the session timeout of a group member, 10 s.
const PAST_SESSION_MS = 12_000
const CONNECTIONS_BROKEN = 4
const FAULTS = 40
// On a busy machine faults that delay each other take minutes.
const LONGEST_MS = 240_000
vi.setConfig({ testTimeout: 2 * LONGEST_MS })

test('issue 23: each alert is committed once and in order when a broker answers late, also after the transaction timeout', async () => {
  const found = await Promise.all(Array.from({ length: 6 }, (_, at) => relayThroughLateBroker(20 + at)))
  const faults = found.flatMap((late) => [...late.faults])
  console.log('late broker and relay:', JSON.stringify(tally(faults)))
  expect(faults.length).toBeGreaterThan(0)
})

test('issue 23: each record counts once and each alert is sent once, when a broker answers late, also after the session timeout', async () => {
  const faultOf = makeFaults(31, { oneIn: 15, longestMs: PAST_SESSION_MS })
  const late = await aLateBroker(kafkaBrokers()[0]!, faultOf.next)
  const pipeline = await aParcelPipeline({ model: await parcelModel(), brokers: late.brokers })
  for (const service of ['ingest', 'ingest', 'alerts'] as const) startService(service, pipeline.configFile)
  const feed = pipeline.feed(31, { perSecond: 500 })
  await eventually(() => late.faultCount() >= FAULTS, { what: `${FAULTS} faults`, withinMs: LONGEST_MS })
  faultOf.end()
  await feed.stop()
  await expectEverythingOnce(pipeline)
  console.log('late broker, ingest and relay:', JSON.stringify(Object.fromEntries(late.faults)))
})

test('issue 23: each record counts once and each alert is sent once, when connections are cut after commits', async () => {
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

test('issue 23: a service whose connections to the broker broke ends on SIGTERM', async () => {
  let lost = 0
  const late = await aLateBroker(kafkaBrokers()[0]!, (request) => {
    if (request !== 'Fetch' || lost === CONNECTIONS_BROKEN) return null
    lost += 1
    return { kind: 'lost answer' }
  })
  const pipeline = await aParcelPipeline({ model: await parcelModel(), brokers: late.brokers })
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(51, { perSecond: 100 })
  await eventually(async () => lost === CONNECTIONS_BROKEN, { what: 'connections are broken', withinMs: 60_000 })
  await pipeline.untilStoredMore(100)
  await feed.stop()
  // A connection that was left open would delay the end by ten minutes, until the broker closes it as idle.
  expect(await ingest.terminate()).toMatchObject({ code: 0 })
})

/** Relays messages one after another through a broker with faults, and compares the committed messages with the queued ones. */
async function relayThroughLateBroker(seed: number): Promise<LateBroker> {
  const faultOf = makeFaults(seed, { oneIn: 10, longestMs: PAST_TRANSACTION_MS })
  const late = await aLateBroker(kafkaBrokers()[0]!, faultOf.next)
  const [source, alerts, deadLetters, url] = await Promise.all([aTopic(), aTopic(), aTopic(), aDatabase()])
  const topics = { source, alerts, deadLetters }
  const sent = await relayMessages({
    pipeline: aName('relay'),
    brokers: late.brokers,
    topics,
    url,
    seed,
    faults: faultOf,
  })
  const seen = await readCommitted(kafkaBrokers(), deadLetters)
  expect(seen.map(({ value }) => String(value))).toEqual(sent)
  return late
}
