/**
 * Tests that every record counts once when processes are killed, `npm run test:crash -- --kills 1000 --json`, or when the broker
 * answers late, `npm run test:crash -- --faults 1000 --of ingest --json`.
 *
 * Protocol: a feed writes a seeded stream to a topic, up to some thousand records ahead of its readers: two to three ingests, two relays, one
 * of them on standby, and a trainer. With `--kills`, one to three services or servers at a time are killed (SIGKILL) at random moments
 * and started again, and ingests join and leave. With `--faults`, a proxy in front of the broker delays, loses and repeats requests, also for
 * longer than the session timeout of a group member. The trainer always has a request for a model: it fits candidates, which score as
 * shadows and never decide. Then another pipeline with the same model, one ingest and one relay reads the same topic without
 * disturbance. Rows of Postgres and messages on the output topics of both are compared one by one: none may be lost, duplicated or
 * different. Reasons are compared only for anomalies that both runs explained: how many of a burst are explained depends on the
 * clock. A webhook must get each alert at least once.
 *
 * The exit code is 1 when one of these conditions fails, or when the trainer leaves a running fit, a leadership or another active model.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { TrainedDetector } from '@outflow/detector'
import { type Control, launchInfrastructure } from '@outflow/launcher'
import { isLed, migrate, openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { ensureTopics, makeKafka, partitionEnds } from '@outflow/streams'
import { compareRows } from '../bench/same-rows.js'
import { countsOf } from '../support/counts.js'
import { eventually } from '../support/eventually.js'
import { startFeed } from '../support/feed.js'
import { type LateBroker, startLateBroker } from '../support/late-broker.js'
import { makeFaults } from '../support/late-relay.js'
import {
  fitWindowedParcelModel,
  makeChance,
  PARCEL_ALERT_RATE,
  PARCEL_MODEL,
  parcelMessages,
  WINDOWED_PARCEL_FEATURES,
} from '../support/parcels.js'
import { storeActive } from '../support/stored-model.js'
import { startWebhookReceiver } from '../support/webhook-receiver.js'
import { keepFitting, leftByTrainer } from './fitting.js'
import { type Fleet, startFleet, untilFleet } from './fleet.js'
import { outcomeOf, outOfOrder, type Run, reasonsOf } from './outcome.js'

const SOURCE = 'crash'
const PARTITIONS = 6
/** Targets of kills, weighted by their number of entries. A kill of a server affects all services, so it is less frequent. */
const VICTIMS = [
  ...['ingest', 'ingest', 'ingest', 'ingest', 'ingest', 'ingest', 'alerts', 'alerts', 'alerts', 'alerts'],
  ...['trainer', 'trainer', 'trainer', 'trainer', 'trainer', 'postgres', 'postgres', 'broker'],
] as readonly Victim[]
/** Longer than the session timeout of a group member, 10 s. */
const PAST_SESSION_MS = 12_000
const FAULTS_REPORTED = 20
const MOST_AT_ONCE = 3
/** A run of an hour has a million records. */
const READ_WITHIN_MS = 1_800_000
type Victim = 'ingest' | 'alerts' | 'trainer' | 'postgres' | 'broker'

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '0' },
    faults: { type: 'string', default: '0' },
    of: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const [kills, wantedFaults] = [Number(options.kills), Number(options.faults)]
const chance = makeChance(Number(options.seed))
const say = (line: string) => console.error(line)

const startedAtMs = Date.now()
const infrastructure = await launchInfrastructure()
const folder = await mkdtemp(join(tmpdir(), 'outflow-crash-'))
const { kafka, postgres } = infrastructure
const { brokers } = kafka
const servers = { postgres: controlOf(postgres), broker: controlOf(kafka) }
const pool = openPool(postgres.url, { applicationName: 'test', max: 4, onError: () => {} })
const connection = makeKafka({ brokers, clientId: 'test' })
const faults = makeFaults(Number(options.seed), { oneIn: 15, longestMs: PAST_SESSION_MS })
const late = wantedFaults > 0 ? await startLateBroker(brokers[0]!, faults.next) : null
const receiver = await startWebhookReceiver()
let fleet: Fleet | undefined
try {
  await migrate(postgres.url)
  await ensureTopics(connection, [{ topic: SOURCE, partitions: PARTITIONS }])
  const model = await fitWindowedParcelModel()
  const disturbed = await aRun('disturbed', model, late?.brokers)
  const undisturbed = await aRun('undisturbed', model)

  const feed = startFeed({
    brokers,
    topic: SOURCE,
    messages: parcelMessages(Number(options.seed)),
    stored: () => stored(disturbed.pipeline),
  })
  fleet = startFleet(disturbed.configFile, 2, ['alerts', 'alerts', 'trainer'])
  const fitting = keepFitting(pool, disturbed.pipeline)
  const counts = await disturb(fleet, disturbed.pipeline)
  if (late !== null) await untilFaults(fleet, late)
  await feed.stop()
  await fitting.stop()
  await untilDone(fleet, disturbed.pipeline)
  const disturbedMs = Date.now() - startedAtMs
  // A trainer that replaces a killed one ends that one's fit only once it leads.
  await untilFleet(fleet, () => isLed(pool, `outflow-trainer-${disturbed.pipeline}`), 'the trainer leads')
  await fleet.stop()
  const trainer = await leftByTrainer(pool, disturbed.pipeline, model.metadata.modelId)

  say('the undisturbed run')
  fleet = startFleet(undisturbed.configFile, 1)
  await untilDone(fleet, undisturbed.pipeline)
  await fleet.stop()

  const expected = await outcomeOf(pool, undisturbed)
  const found = await outcomeOf(pool, disturbed)
  const reasons = await compareReasons(disturbed, undisturbed)
  const posted = new Set(receiver.received.map(({ headers }) => headers['idempotency-key']))
  const parts = {
    ...Object.fromEntries(
      Object.entries(expected).map(([part, rows]) => [part, compareRows(rows, found[part as keyof typeof found])]),
    ),
    reasons,
  }
  const sum = (what: 'lost' | 'duplicated' | 'differing') =>
    Object.values(parts).reduce((total, part) => total + part[what], 0)
  const report = {
    records: await stored(disturbed.pipeline),
    ...counts,
    ...(late && { faults: late.faultCount(), faultsByKind: Object.fromEntries(late.faults) }),
    lost: sum('lost'),
    duplicated: sum('duplicated'),
    differing: sum('differing'),
    alertsOutOfOrder: outOfOrder(found.alertMessages),
    webhookLost: found.alertMessages.filter(({ id }) => !posted.has(`${disturbed.pipeline}/${SOURCE}/${id}`)).length,
    trainer,
    parts,
    seed: Number(options.seed),
    disturbedSeconds: Math.round(disturbedMs / 1_000),
    load: loadavg(),
    infrastructure: [kafka.description, postgres.description],
  }
  console.log(JSON.stringify(report, null, options.json ? 0 : 2))
  const { lost, duplicated, differing, alertsOutOfOrder, webhookLost } = report
  if (lost + duplicated + differing + alertsOutOfOrder + webhookLost + trainer.violations.length > 0)
    process.exitCode = 1
} finally {
  await fleet?.stop()
  await late?.close()
  await receiver.close()
  await pool.end()
  await rm(folder, { recursive: true })
  await infrastructure.stop()
}

function controlOf({ control }: { readonly control?: Control | undefined }): Control {
  if (control === undefined)
    throw new Error('this run kills the broker and Postgres; start it without KAFKA_BROKERS and DATABASE_URL')
  return control
}

async function aRun(pipeline: string, model: TrainedDetector, through = brokers) {
  const run = {
    pipeline,
    brokers: through,
    alertsTopic: `${pipeline}.alerts`,
    deadLettersTopic: `${pipeline}.dead`,
    configFile: join(folder, `${pipeline}.yaml`), // JSON is YAML
  }
  const config = {
    pipeline,
    kafka: { brokers: through },
    postgres: { url: postgres.url },
    source: { topics: [SOURCE], tombstones: 'reject' },
    features: WINDOWED_PARCEL_FEATURES,
    model: PARCEL_MODEL,
    // Two runs are compared, and the time of a recalibration depends on the trainer.
    detection: { alertRate: PARCEL_ALERT_RATE, recalibrateWithin: 1 },
    training: { maxRows: 2_000, shadow: '1d' },
    alerts: {
      topic: run.alertsTopic,
      webhooks: [{ name: 'test', kind: 'slack', url: receiver.url, allow: ['127.0.0.1'] }],
    },
    deadLetters: { topic: run.deadLettersTopic },
    http: { ports: { ingest: 0, alerts: 0, trainer: 0 } },
  }
  await writeFile(run.configFile, JSON.stringify(config))
  await storeActive(pool, pipeline, model)
  return run
}

/** Of the anomalies that both runs have explained. */
async function compareReasons(disturbed: Run, undisturbed: Run) {
  const [found, expected] = await Promise.all([reasonsOf(pool, disturbed), reasonsOf(pool, undisturbed)])
  const [inFound, inExpected] = [found, expected].map((rows) => new Set(rows.map(({ id }) => id)))
  return compareRows(
    expected.filter(({ id }) => inFound!.has(id)),
    found.filter(({ id }) => inExpected!.has(id)),
  )
}

type Counts = Record<'kills' | `${Victim}Kills` | 'joins' | 'leaves', number>

/** Kills services and servers, up to three at once and while records arrive, `kills` times. */
async function disturb(fleet: Fleet, pipeline: string): Promise<Counts> {
  const counts: Counts = {
    ...{ kills: 0, ingestKills: 0, alertsKills: 0, trainerKills: 0, postgresKills: 0, brokerKills: 0 },
    ...{ joins: 0, leaves: 0 },
  }
  for (let round = 1; counts.kills < kills; round++) {
    // Retries, as Postgres may have been killed.
    const before = await eventually(() => stored(pipeline).catch(() => null), { what: 'Postgres answers' })
    const goal = before + 100 + chance.below(900)
    await untilFleet(fleet, async () => (await stored(pipeline)) >= goal, `${goal} records are stored`)
    await sleep(chance.below(60)) // during a read, scoring, an explanation or a write
    const picked = Array.from({ length: 1 + chance.below(MOST_AT_ONCE) }, () => VICTIMS[chance.below(VICTIMS.length)]!)
    const victims = [...new Set(picked)]
    await Promise.all(victims.map((victim) => killOne(fleet, victim)))
    for (const victim of victims) counts[`${victim}Kills`] += 1
    counts.kills += victims.length
    if (round % 5 === 0) await rebalance(fleet, counts)
    say(`${counts.kills} of ${kills} kills: ${victims.join(', ')}, ${fleet.ingests.length} ingests, ${goal} records`)
  }
  return counts
}

/** Waits for the number of faults, and ends them. */
async function untilFaults(fleet: Fleet, late: LateBroker): Promise<void> {
  for (let goal = 0; goal < wantedFaults; ) {
    goal = Math.min(wantedFaults, goal + FAULTS_REPORTED)
    await untilFleet(fleet, async () => late.faultCount() >= goal, `there are ${goal} faults`)
    say(`${late.faultCount()} of ${wantedFaults} faults`)
  }
  faults.end()
}

async function killOne(fleet: Fleet, victim: Victim): Promise<void> {
  if (victim === 'ingest') return fleet.killIngest(chance.below(fleet.ingests.length))
  if (victim === 'alerts' || victim === 'trainer') return fleet.kill(victim)
  await servers[victim].kill()
  await sleep(chance.below(3_000))
  await servers[victim].start()
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

/** Waits until every record of the topic is stored and everything is sent. */
async function untilDone(fleet: Fleet, pipeline: string): Promise<void> {
  const ends = await partitionEnds(connection, [SOURCE])
  await untilFleet(
    fleet,
    async () => {
      const counters = await partitionCounters(pool, pipeline)
      const { rowCount } = await pool.query(
        `select from outflow.outbox where pipeline = $1
         union all
         select from analyst.alert_deliveries where pipeline = $1 and state = 'waiting'`,
        [pipeline],
      )
      return (
        rowCount === 0 &&
        ends.every(({ partition, end }) =>
          counters.some((counter) => counter.partition === partition && counter.nextOffset === end),
        )
      )
    },
    `all of ${pipeline} is stored and sent`,
    READ_WITHIN_MS,
  )
}

async function stored(pipeline: string): Promise<number> {
  return (await countsOf(pool, pipeline)).received
}
