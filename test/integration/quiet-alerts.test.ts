import { alertEvent, eventMessage, explainedAlert, makeDecider } from '@outflow/alerting'
import {
  type Alert,
  type AlertBucket,
  alertEventSchema,
  type Config,
  type Explanation,
  GROUP_EVENT_TYPE,
  groupEventSchema,
  parseConfig,
  suppressionRuleSchema,
} from '@outflow/contracts'
import { openPool, type Pool, withClient } from '@outflow/store'
import type { Anomaly } from '@outflow/store/anomalies'
import { writeBatch } from '@outflow/store/batch'
import { type OutboxMessage, queueMessages, updateAlertBuckets } from '@outflow/store/outbox'
import { addSuppression, listSuppressions } from '@outflow/store/suppressions'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { controlAlerts } from '../../services/alerts/src/control-alerts.js'
import { anAnomaly } from '../support/an-anomaly.js'
import { beginPartition } from '../support/begin-partition.js'
import { callOutflow } from '../support/call-outflow.js'
import { aConfigFile } from '../support/config-file.js'
import { documentWith } from '../support/config-with.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { startRelay } from '../support/relay.js'
import { readCommitted } from '../support/topic-reader.js'

let pool: Pool
let url: string
beforeEach(async () => {
  url = await aDatabase()
  pool = openPool(url)
  onTestFinished(() => pool.end())
})

const aDocument = async (alerts: object) =>
  documentWith({
    pipeline: aName('quiet'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url },
    source: { topics: [await aTopic()] },
    features: [{ path: '$.load', type: 'numeric' }],
    alerts: { topic: await aTopic({ partitions: 2 }), ...alerts },
    deadLetters: { topic: await aTopic() },
  })

const aConfig = async (alerts: object): Promise<Config> => parseConfig(await aDocument(alerts), {})

/** Runs a command of the command line with a configuration, and returns its JSON. */
async function runForJson(document: object, args: readonly string[]) {
  const ran = await callOutflow([...args, '--config', await aConfigFile(document), '--json'])
  expect(ran.code, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout)
}

/** Starts a relay and returns a function that stops it. */
function relaying(config: Config): () => Promise<void> {
  const { stop } = startRelay(config)
  onTestFinished(stop)
  return stop
}

type ExplainedAnomaly = Anomaly & Pick<Explanation, 'reasons'>

function anExplainedAnomaly(offset: number, overrides: Partial<ExplainedAnomaly> = {}): ExplainedAnomaly {
  const reason = { field: 'load', bits: 9, observed: 9, expected: 1, range: null, text: 'load 9 is high' } as const
  const own = { entityKey: `k${offset % 3}`, nll: offset % 7, severity: offset % 10 === 0 ? 'high' : 'low' } as const
  const record = { load: 9, note: '\0' }
  return { ...anAnomaly(BigInt(offset), { ...own, record }), reasons: [reason], ...overrides }
}

/** Writes anomalies and their alerts as ingest does, with reasons that need no model. */
async function detect({ pipeline, alerts, source }: Config, anomalies: readonly ExplainedAnomaly[]): Promise<void> {
  const [topic, partition] = [source.topics[0]!, 0]
  await beginPartition(pool, { pipeline, topic })
  const { rows } = await pool.query('select next_offset from outflow.offsets where pipeline = $1', [pipeline])
  const outcome = await writeBatch(pool, {
    pipeline,
    topic,
    partition,
    expectedOffset: BigInt(rows[0].next_offset),
    nextOffset: anomalies.at(-1)!.offset + 1n,
    received: anomalies.length,
    scored: anomalies.length,
    anomalies,
    deadLetters: [],
    outbox: anomalies.map(({ reasons, ...own }) => {
      const event = alertEvent({ ...own, topic, partition }, { pipeline, detectedAtMs: Date.now() })
      return eventMessage(explainedAlert(event, { reasons, counterfactual: null }), alerts)
    }),
    scores: [],
  })
  expect(outcome).toBe('written')
  await pool.query(
    `update outflow.anomalies set reasons = explained.reasons, unexplainable = null
     from unnest($2::bigint[], $3::jsonb[]) as explained ("offset", reasons)
     where pipeline = $1 and anomalies."offset" = explained."offset"`,
    [pipeline, anomalies.map(({ offset }) => offset), anomalies.map(({ reasons }) => JSON.stringify(reasons))],
  )
}

/** Decides on alerts as the relay does, until the signal aborts. */
const controlOnce = (config: Config, signal: AbortSignal) =>
  withClient(pool, (client) =>
    controlAlerts({ leadership: { client, signal }, config, telemetry: { alertsDecided: () => {} } }),
  )

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, place) => from + place)

/** Waits until no alert is queued and no bucket is open; returns the committed events. */
async function allSent(config: Config) {
  const waits = `
    select (select count(*)::int from outflow.outbox) + (select count(*)::int from outflow.alert_buckets where kind <> 'cooldown')
      as waiting`
  await eventually(async () => (await pool.query(waits)).rows[0].waiting === 0, { what: 'all is decided on and sent' })
  const events = (await readCommitted(kafkaBrokers(), config.alerts.topic)).map(({ value }) =>
    JSON.parse(String(value)),
  )
  return {
    single: events.filter(({ type }) => type !== GROUP_EVENT_TYPE).map((event) => alertEventSchema.parse(event)),
    groups: events.filter(({ type }) => type === GROUP_EVENT_TYPE).map((event) => groupEventSchema.parse(event)),
  }
}

/** Expected outcome of each stored anomaly when nothing interrupts the decisions. */
async function dueOf(config: Config) {
  const { rows } = await pool.query(
    `select detected_at, topic, partition, "offset", entity_key, severity, nll, p_value, reasons, event_time
     from outflow.anomalies where pipeline = $1 order by "offset"`,
    [config.pipeline],
  )
  const rules = await listSuppressions(pool, { pipeline: config.pipeline, all: true })
  const decider = makeDecider({ ...config.alerts, suppressions: rules }, [])
  const alerts: Alert[] = rows.map((row) => ({
    id: `${config.pipeline}/${row.topic}/${row.partition}/${row.offset}`,
    key: row.entity_key,
    severity: row.severity,
    nll: row.nll,
    pValue: row.p_value,
    reason: row.reasons[0] ?? null,
    eventTimeMs: row.event_time.getTime(),
    detectedAtMs: row.detected_at.getTime(),
  }))
  const decided = alerts.map((alert) => ({ id: alert.id, ...decider.decide(alert) }))
  const groups = [...decided.flatMap(({ closed }) => closed), ...decider.closeDue(Number.MAX_SAFE_INTEGER)]
  return { decided, groups: groups.map(({ firstId, count }) => `${firstId}/group: ${count}`) }
}

test('relays that lose their connection at any time decide and send like an undisturbed one', async () => {
  const document = await aDocument({ grouping: { bucket: '1500ms', perKey: 2, perReason: 4 }, cooldown: '50ms' })
  const config = parseConfig(document, {})
  const { pipeline } = config
  const { id } = await runForJson(document, [
    ...['suppress', 'add', '--entity', 'hidden', '--until', '1d', '--why', 'known'],
  ])
  for (let relay = 0; relay < 2; relay += 1) relaying(config)
  const cutOff = async () => {
    const { rowCount } = await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'outflow-alerts' and datname = current_database()`,
    )
    return rowCount! > 0
  }
  const batches = 24
  for (let batch = 0; batch < batches; batch += 1) {
    // One in ten is hidden; five of ten have no key, more than `perReason` allows to send individually.
    const anomalies = range(batch * 10, 10).map((offset) => {
      if (offset % 10 === 7) return anExplainedAnomaly(offset, { entityKey: 'hidden' })
      return anExplainedAnomaly(offset, offset % 2 === 1 || offset % 10 === 8 ? { entityKey: null } : {})
    })
    await detect(config, anomalies)
    // At a random moment for the leader, or for the relay that takes over.
    if (batch % 3 === 0) await eventually(cutOff, { what: 'a relay is connected' })
  }

  const { single, groups } = await allSent(config)
  const due = await dueOf(config)
  expect(single.map((event) => event.id).toSorted()).toEqual(
    due.decided.flatMap(({ id: own, unsent }) => (unsent === null ? [own] : [])).toSorted(),
  )
  expect(groups.map((event) => `${event.id}: ${event.data.count}`).toSorted()).toEqual(due.groups.toSorted())
  expect(groups.length).toBeGreaterThan(0)
  const { rows } = await pool.query(
    `select because, rule_id, group_id, topic || '/' || partition || '/' || "offset" as position from analyst.unsent_alerts`,
  )
  expect(
    rows.map((row) => `${pipeline}/${row.position} ${row.because} ${row.rule_id ?? row.group_id}`).toSorted(),
  ).toEqual(
    due.decided
      .flatMap(({ id: own, unsent }) => (unsent ? [`${own} ${unsent.because} ${unsent.ruleId ?? unsent.groupId}`] : []))
      .toSorted(),
  )
  expect(await listSuppressions(pool, { pipeline })).toMatchObject([{ id, hidden: batches }])
  expect(single.length + rows.length).toBe(10 * batches)

  // A preview uses the same functions and times, so that it counts the alerts that were sent.
  const preview = await runForJson(document, ['preview', '--from', '1h'])
  expect(preview).toMatchObject({
    anomalies: 10 * batches,
    alerts: single.length + groups.length,
    sent: single.length,
    hidden: { rules: [{ id, hidden: batches, why: 'known' }] },
  })
  expect(preview).not.toHaveProperty('rules') // they were there twice
  const explained = await runForJson(document, ['explain', '--anomaly', `${pipeline}/${config.source.topics[0]}/0/7`])
  expect(explained.unsent).toEqual({ because: 'rule', ruleId: id, groupId: null, ruleWhy: 'known' })
  const removed = await callOutflow(['suppress', 'remove', id, '--config', await aConfigFile(document)])
  expect(removed.stdout).toBe(`${id} is removed; alerts that it hid stay hidden\n`) // it printed that its alerts are sent again
})

test('alerts are in order per key, each group after the alerts that precede it', async () => {
  const config = await aConfig({ grouping: { bucket: '300ms', perKey: 1 } })
  relaying(config)
  for (let batch = 0; batch < 6; batch += 1)
    await detect(
      config,
      range(batch * 10, 10).map((own) => anExplainedAnomaly(own)),
    )
  await allSent(config)
  const messages = await readCommitted(kafkaBrokers(), config.alerts.topic)
  const last = new Map<string, number>()
  for (const { key, value } of messages) {
    const event = JSON.parse(String(value))
    const offset = Number(/\/(\d+)(\/group)?$/.exec(event.id)![1])
    expect(offset).toBeGreaterThan(last.get(String(key)) ?? -1)
    last.set(String(key), offset)
  }
  expect([...last.keys()].toSorted()).toEqual(['k0', 'k1', 'k2'])
})

test('stored rules and open buckets apply also without settings in outflow.yaml', async () => {
  const config = await aConfig({ grouping: { bucket: '1d', perKey: 1 } })
  const stop = relaying(config)
  await detect(
    config,
    range(0, 9).map((own) => anExplainedAnomaly(own)),
  )
  await untilOutboxIsEmpty(pool)
  await stop()
  await pool.query(
    `update outflow.alert_buckets set bucket = jsonb_set(bucket, '{closesAtMs}', to_jsonb(extract(epoch from now() - interval '2 seconds') * 1000))`,
  )
  const off = { ...config, alerts: { topic: config.alerts.topic, explained: false, provisional: false, webhooks: [] } }
  relaying(off)
  const { single, groups } = await allSent(off)
  expect(single).toHaveLength(3)
  expect(groups.map(({ data }) => `${data.key} ${data.count}`).toSorted()).toEqual(['k0 2', 'k1 2', 'k2 2'])

  const rule = suppressionRuleSchema.parse({ field: 'load', direction: 'above', expiresAt: '2999-01-01T00:00:00Z' })
  await addSuppression(pool, { pipeline: off.pipeline, rule, why: 'known', by: 'ada' })
  await detect(
    off,
    range(9, 2).map((own) => anExplainedAnomaly(own, own === 10 ? { reasons: [] } : {})),
  )
  expect((await allSent(off)).single.map(({ data }) => data.offset).at(-1)).toBe('10')
  expect(await pool.query(`select because from analyst.unsent_alerts where "offset" = 9`)).toMatchObject({
    rows: [{ because: 'rule' }],
  })
})

test('a group whose bucket has ended is numbered while there is a backlog (it waited until no row was left)', async () => {
  const config = await aConfig({})
  const { pipeline } = config
  const bucket: AlertBucket = {
    ...{ kind: 'key', subject: 'LAX', closesAtMs: 9_000, allowance: 0, sent: 1, count: 1, severity: 'high' },
    ...{ firstId: `${pipeline}/flights/0/1`, firstAtMs: 2_000, lastAtMs: 2_000, examples: [] },
  }
  await updateAlertBuckets(pool, pipeline, { closed: [], open: [bucket] })
  const letter: OutboxMessage = { kind: 'dead_letter', topic: 'any', key: null, payload: null, headers: [] }
  await queueMessages(pool, pipeline, Array<OutboxMessage>(501).fill(letter))
  await controlOnce(config, new AbortController().signal)
  const { rows } = await pool.query(`select sequence from outflow.outbox where kind = 'alert'`)
  expect(rows).toEqual([{ sequence: '501' }])
})

test('a relay that stops leaves the rest of a hidden backlog to the next one (it decided on all, which overran its shutdown)', async () => {
  const config = await aConfig({})
  const rule = suppressionRuleSchema.parse({ entity: 'hidden', expiresAt: '2999-01-01T00:00:00Z' })
  await addSuppression(pool, { pipeline: config.pipeline, rule, why: 'known', by: 'ada' })
  await detect(
    config,
    range(0, 501).map((own) => anExplainedAnomaly(own, { entityKey: 'hidden' })),
  )
  expect(await controlOnce(config, AbortSignal.abort())).toEqual([])
  expect((await pool.query('select from outflow.outbox')).rowCount).toBe(1)
})
