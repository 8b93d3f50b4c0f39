/**
 * Measures whether every alert is sent once, whatever is killed: `npm run bench:alerts -- --kills 30 --json`.
 *
 * Protocol: a seeded stream of alerts is committed to the outbox as ingest does, some thousand ahead of the relay. Of three
 * alerts services one sends and two are on standby. At random moments the active one is killed (SIGKILL) and another is started as
 * standby; with one kill in ten Postgres is down for 5 s and with another one the broker for 10 s, alternately stopped and killed
 * (power cut). Afterwards another client reads the alerts topic, committed data only: kcat (librdkafka) where it is installed. Lost,
 * duplicated, foreign and out-of-order alerts (per key) must all be 0. A webhook gets the alerts as well: each at least once.
 *
 * The exit code is 1 when one of these conditions fails.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool } from '@outflow/store'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { eventually } from '../support/eventually.js'
import { makeChance } from '../support/parcels.js'
import { startWebhookReceiver } from '../support/webhook-receiver.js'
import { type AlertStream, startAlertStream } from './alert-stream.js'
import { auditAlerts } from './alerts-audit.js'
import { readCommittedElsewhere } from './committed-reader.js'
import { makeOutages } from './outages.js'
import { type Relays, startRelays } from './relays.js'

const PIPELINE = 'bench-alerts'
const PARTITIONS = 6
const RELAYS = 3

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const kills = Number(options.kills)
const seed = Number(options.seed)
const chance = makeChance(seed)
const say = (line: string) => console.error(line)

const startedAtMs = Date.now()
const infrastructure = await launchInfrastructure()
const { kafka, postgres } = infrastructure
const { brokers } = kafka
const folder = await mkdtemp(join(tmpdir(), 'outflow-bench-alerts-'))
const pool = openPool(postgres.url, { applicationName: 'bench', max: 4, onError: () => {} })
const receiver = await startWebhookReceiver()
const topic = `${PIPELINE}.alerts`
const outages = makeOutages(infrastructure)
let relays: Relays | undefined
try {
  await migrate(postgres.url)
  const connection = makeKafka({ brokers, clientId: 'bench' })
  await ensureTopics(connection, [{ topic: 'bench-source', partitions: PARTITIONS }])
  relays = startRelays(await writeConfig(), RELAYS)
  const stream = startAlertStream({ pool, pipeline: PIPELINE, topic, chance: makeChance(seed + 1) })
  const counts = await disturb(relays, stream)
  const committed = await stream.stop()
  say(`${committed.length} alerts are committed`)
  await untilSent(relays)
  await relays.stop()

  const { client, messages } = await readCommittedElsewhere(brokers, topic)
  const posted = receiver.received.map(({ headers }) => String(headers['idempotency-key']))
  const report = {
    alerts: committed.length,
    ...counts,
    ...outages.counts,
    ...auditAlerts(committed, messages),
    webhook: {
      lost: committed.filter((alert) => !posted.includes(alert.id)).length,
      repeatedUnderTheSameId: posted.length - new Set(posted).size,
    },
    client,
    seed,
    seconds: Math.round((Date.now() - startedAtMs) / 1_000),
    infrastructure: [kafka.description, postgres.description],
  }
  console.log(JSON.stringify(report, null, options.json ? 0 : 2))
  const { lost, duplicated, foreign, outOfOrder, webhook } = report
  if (lost + duplicated + foreign + outOfOrder + webhook.lost > 0) process.exitCode = 1
} finally {
  await relays?.stop()
  await pool.end()
  await receiver.close()
  await rm(folder, { recursive: true })
  await infrastructure.stop()
}

async function writeConfig(): Promise<string> {
  const file = join(folder, 'outflow.yaml') // JSON is YAML
  const webhooks = [{ name: 'bench', kind: 'slack', url: receiver.url, allow: ['127.0.0.1'] }]
  const config = {
    pipeline: PIPELINE,
    kafka: { brokers },
    postgres: { url: postgres.url },
    source: { topics: ['bench-source'] },
    features: [{ path: '$.load', type: 'numeric' }],
    alerts: { topic, webhooks },
    deadLetters: { topic: `${PIPELINE}.dead` },
    http: { ports: { alerts: 0 } },
  }
  await writeFile(file, JSON.stringify(config))
  return file
}

type Counts = Record<'kills' | 'killsInLead', number>

/** Kills services and stops servers until the number of kills is reached, each while alerts are being sent. */
async function disturb(among: Relays, stream: AlertStream): Promise<Counts> {
  const counts: Counts = { kills: 0, killsInLead: 0 }
  while (counts.kills < kills) {
    // Postgres may be starting.
    const sent = () => stream.sent().catch(() => 0)
    const goal = (await sent()) + 100 + chance.below(1_000)
    await eventually(
      async () => {
        among.check()
        stream.check()
        return (await sent()) >= goal
      },
      { what: `${goal} alerts are sent`, withinMs: 180_000 },
    )
    await sleep(chance.below(40)) // during a take, a transaction, its commit or the cleanup
    const away = outages.withKill(counts.kills)
    if (away !== null) await sleep(chance.below(2_000))
    if (await among.killLeader()) counts.killsInLead += 1
    counts.kills += 1
    await away
    say(`${counts.kills} of ${kills} kills, ${goal} alerts sent`)
  }
  return counts
}

/** Waits until the outbox is empty and every webhook has its events. */
async function untilSent(among: Relays): Promise<void> {
  await eventually(
    async () => {
      among.check()
      const { rows } = await pool.query<{ waiting: boolean }>(
        `select exists (select from outflow.outbox)
             or exists (select from outflow.webhook_deliveries where delivered_at is null) as waiting`,
      )
      return rows[0]!.waiting === false
    },
    { what: 'everything is sent', withinMs: 300_000, everyMs: 100 },
  )
}
