/**
 * Whether every record counts once, whatever is killed: `npm run bench:crash -- --kills 30 --json`.
 *
 * Protocol: a seeded stream is written to a topic, some thousand records ahead of its readers. Two to three ingests and a
 * relay read it while, at random moments, an ingest is killed (SIGKILL) and another started, ingests join and leave, the
 * relay is killed, Postgres is gone for 5 s and the broker for 10 s, in good order and as in a power cut by turns. Then
 * the same topic is read by another pipeline with the same model, one ingest and one relay that nobody disturbs. Rows of
 * Postgres and messages on the output topics are compared one by one: lost, duplicated and differing are all to be 0. Reasons
 * are compared where both runs have them: how many a burst is left without depends on the clock.
 *
 * The exit code is 1 when one of them is not.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { TrainedDetector } from '@outflow/detector'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { insertModel, promoteModel } from '@outflow/store/models'
import { ensureTopics, makeKafka, partitionEnds } from '@outflow/streams'
import { startFeed } from '../support/feed.js'
import {
  fitWindowedParcelModel,
  makeChance,
  PARCEL_ALERT_RATE,
  PARCEL_MODEL,
  parcelMessages,
  WINDOWED_PARCEL_FEATURES,
} from '../support/parcels.js'
import { aGateReport } from '../support/reports.js'
import { type Fleet, startFleet, untilFleet } from './crash-fleet.js'
import { OUTCOME_PARTS, outcomeOf, outOfOrder, type Reasons, type Run, reasonsOf } from './crash-outcome.js'
import { makeOutages } from './outages.js'
import { compareRows } from './same-rows.js'

const SOURCE = 'bench-crash'
const PARTITIONS = 6

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const kills = Number(options.kills)
const chance = makeChance(Number(options.seed))
const say = (line: string) => console.error(line)

const startedAtMs = Date.now()
const infrastructure = await launchInfrastructure()
const folder = await mkdtemp(join(tmpdir(), 'outflow-bench-crash-'))
const { kafka, postgres } = infrastructure
const { brokers } = kafka
const pool = openPool(postgres.url, { applicationName: 'bench', max: 4, onError: () => {} })
const connection = makeKafka({ brokers, clientId: 'bench' })
const outages = makeOutages(infrastructure)
let fleet: Fleet | undefined
try {
  await migrate(postgres.url)
  await ensureTopics(connection, [{ topic: SOURCE, partitions: PARTITIONS }])
  const model = await fitWindowedParcelModel()
  const disturbed = await aRun('disturbed', model)
  const undisturbed = await aRun('undisturbed', model)

  const feed = startFeed({
    brokers,
    topic: SOURCE,
    messages: parcelMessages(Number(options.seed)),
    stored: () => stored(disturbed.pipeline),
  })
  fleet = startFleet(disturbed.configFile, 2)
  const counts = await disturb(fleet, disturbed.pipeline)
  await feed.stop()
  await untilDone(fleet, disturbed.pipeline)
  const disturbedMs = Date.now() - startedAtMs
  await fleet.stop()

  say('the undisturbed run')
  fleet = startFleet(undisturbed.configFile, 1)
  await untilDone(fleet, undisturbed.pipeline)
  await fleet.stop()

  const expected = await outcomeOf(pool, undisturbed)
  const found = await outcomeOf(pool, disturbed)
  const reasons = await compareReasons(disturbed, undisturbed)
  const parts = {
    ...Object.fromEntries(OUTCOME_PARTS.map((part) => [part, compareRows(expected[part], found[part])])),
    reasons,
  }
  const sum = (what: 'lost' | 'duplicated' | 'differing') =>
    Object.values(parts).reduce((total, part) => total + part[what], 0)
  const report = {
    records: await stored(disturbed.pipeline),
    ...counts,
    ...outages.counts,
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    differing: sum('differing'),
    alertsOutOfOrder: await outOfOrder(disturbed),
    parts,
    seed: Number(options.seed),
    disturbedSeconds: Math.round(disturbedMs / 1_000),
    infrastructure: [kafka.description, postgres.description],
  }
  console.log(JSON.stringify(report, null, options.json ? 0 : 2))
  if (report.lost + report.duplicated + report.differing + report.alertsOutOfOrder > 0) process.exitCode = 1
} finally {
  await fleet?.stop()
  await pool.end()
  await rm(folder, { recursive: true })
  await infrastructure.stop()
}

async function aRun(pipeline: string, { artefact, metadata }: TrainedDetector) {
  const run = {
    pipeline,
    brokers,
    alertsTopic: `${pipeline}.alerts`,
    deadLettersTopic: `${pipeline}.dead`,
    configFile: join(folder, `${pipeline}.yaml`), // JSON is YAML
  }
  const config = {
    pipeline,
    kafka: { brokers },
    postgres: { url: postgres.url },
    source: { topics: [SOURCE], tombstones: 'reject' },
    features: WINDOWED_PARCEL_FEATURES,
    model: PARCEL_MODEL,
    // Two runs are compared, and a recalibration comes when its trainer looks.
    detection: { alertRate: PARCEL_ALERT_RATE, recalibrateWithin: 1 },
    alerts: { topic: run.alertsTopic },
    deadLetters: { topic: run.deadLettersTopic },
    http: { ports: { ingest: 0, alerts: 0, trainer: 0 } },
  }
  await writeFile(run.configFile, JSON.stringify(config))
  await insertModel(pool, {
    pipeline,
    id: metadata.modelId,
    artefact,
    metadata,
    metrics: aGateReport(),
    parentId: null,
  })
  await promoteModel(pool, { pipeline, id: metadata.modelId, by: 'bench', why: 'to begin with' })
  return run
}

/** Of the anomalies that both runs had the time to explain. */
async function compareReasons(...runs: [disturbed: Run, undisturbed: Run]) {
  const [found, expected] = (await Promise.all(runs.map((run) => reasonsOf(pool, run)))) as [Reasons, Reasons]
  const [inFound, inExpected] = [found, expected].map((rows) => new Set(rows.map(({ id }) => id)))
  return compareRows(
    expected.filter(({ id }) => inFound!.has(id)),
    found.filter(({ id }) => inExpected!.has(id)),
  )
}

type Counts = Record<'ingestKills' | 'relayKills' | 'joins' | 'leaves', number>

/** Kills and outages until there were enough of them, each in the middle of the stream. */
async function disturb(fleet: Fleet, pipeline: string): Promise<Counts> {
  const counts: Counts = { ingestKills: 0, relayKills: 0, joins: 0, leaves: 0 }
  while (counts.ingestKills < kills) {
    const goal = (await stored(pipeline)) + 1_000 + chance.below(4_000)
    await untilFleet(fleet, async () => (await stored(pipeline)) >= goal, `${goal} records are stored`)
    await sleep(chance.below(60)) // into a read, a score, an explanation or a write
    await Promise.all([outages.withKill(counts.ingestKills), killOne(fleet, counts)])
    if (counts.ingestKills % 5 === 0) {
      await fleet.killRelay()
      counts.relayKills += 1
    }
    if (counts.ingestKills % 3 === 0) await rebalance(fleet, counts)
    say(`${counts.ingestKills} of ${kills} kills, ${fleet.ingests.length} ingests, ${goal} records`)
  }
  return counts
}

async function killOne(fleet: Fleet, counts: Counts): Promise<void> {
  counts.ingestKills += 1
  await sleep(chance.below(2_000)) // into an outage, where there is one
  await fleet.killIngest(chance.below(fleet.ingests.length))
}

async function rebalance(fleet: Fleet, counts: Counts): Promise<void> {
  if (fleet.ingests.length < 3) {
    fleet.join()
    counts.joins += 1
  } else {
    await fleet.leave(chance.below(3))
    counts.leaves += 1
  }
}

/** Every record of the topic is stored, everything is sent. */
async function untilDone(fleet: Fleet, pipeline: string): Promise<void> {
  const ends = await partitionEnds(connection, [SOURCE])
  await untilFleet(
    fleet,
    async () => {
      const counters = await partitionCounters(pool, pipeline)
      const { rowCount } = await pool.query('select from outflow.outbox where pipeline = $1 limit 1', [pipeline])
      return (
        rowCount === 0 &&
        ends.every(({ partition, end }) =>
          counters.some((counter) => counter.partition === partition && counter.nextOffset === end),
        )
      )
    },
    `all of ${pipeline} is stored and sent`,
  )
}

async function stored(pipeline: string): Promise<number> {
  return (await partitionCounters(pool, pipeline)).reduce((sum, { received }) => sum + received, 0)
}
