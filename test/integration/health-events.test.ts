import { healthEventSchema } from '@outflow/contracts'
import { type Queryable, withTransaction } from '@outflow/store'
import { beginPartitions, partitionCounters, skipMissed } from '@outflow/store/batch'
import { beat, healthEventsCheck, newOccurrences, openHealthEvents } from '@outflow/store/health-events'
import { noteDriftAlarm, rollBackModel } from '@outflow/store/models'
import { minuteScores } from '@outflow/store/statistics'
import { expect, test } from 'vitest'
import { aName, kafkaBrokers } from '../support/infrastructure.js'
import { aLookedAfterPipeline } from '../support/looked-after-pipeline.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { startRelay } from '../support/relay.js'
import { aGateReport, aModelMetadata } from '../support/reports.js'
import { storeActive } from '../support/stored-model.js'
import { readCommitted } from '../support/topic-reader.js'

/** Relays the outbox; returns the events on the events topic, in order. */
async function relayed(pipeline: Awaited<ReturnType<typeof aLookedAfterPipeline>>) {
  const { config, pool } = pipeline
  const relay = startRelay(config)
  await untilOutboxIsEmpty(pool)
  await relay.stop()
  const messages = await readCommitted(kafkaBrokers(), config.events.topic!)
  return messages.map(({ value }) => healthEventSchema.parse(JSON.parse(String(value))))
}

test('a condition begins once and ends once, whichever process checks, and /readyz lists it', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, checkHealth, pass } = pipeline
  const name = config.pipeline
  const check = (unready: readonly string[] = []) => healthEventsCheck(pool, { pipeline: name, unready })
  expect(await check()).toMatchObject({ ok: true, detail: expect.stringContaining('no `alerts` service') })
  await checkHealth()
  await pipeline.another()()
  expect(await pipeline.openKinds()).toEqual(['no_model'])
  expect(await check(['no_model'])).toMatchObject({ ok: false })

  await pipeline.promote('first')
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual([])
  expect(await check(['no_model'])).toEqual({ ok: true, detail: 'no open health events' })

  await beat(pool, { pipeline: name, service: 'trainer' })
  await pool.query(`update outflow.heartbeats set beat_at = now() - interval '2 min' where service = 'trainer'`)
  await pipeline.begin()
  await pipeline.send(150)
  await checkHealth()
  pass(61_000)
  for (let checks = 0; checks < 2; checks++) await checkHealth()
  expect(await pipeline.openKinds()).toEqual(['detector_silent', 'trainer_dead'])
  expect(await check(['no_model', 'detector_silent'])).toMatchObject({ ok: false })
  // Another relay takes over: open conditions continue.
  await pipeline.another()()
  expect(await pipeline.openKinds()).toEqual(['detector_silent', 'trainer_dead'])

  await beat(pool, { pipeline: name, service: 'trainer' })
  await pipeline.store(0n, 150n)
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual([])

  const reported = (await relayed(pipeline)).map(({ data }) => `${data.kind} ${data.status}`)
  expect(reported.slice(0, 2)).toEqual(['no_model begun', 'no_model ended'])
  expect(reported.slice(2, 4).toSorted()).toEqual(['detector_silent begun', 'trainer_dead begun'])
  expect(reported.slice(4).toSorted()).toEqual(['detector_silent ended', 'trainer_dead ended'])
})

test('drift ends with the next model; a rollback by the guard is reported once', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, checkHealth } = pipeline
  const alarm = { pipeline: config.pipeline, modelId: 'first', chart: 'less likely', statistic: 9 }
  await pipeline.promote('first')
  await noteDriftAlarm(pool, {
    ...alarm,
    ...{ changedAt: new Date(), raisedAt: new Date(), fields: [{ field: 'grams', nats: 2 }] },
  })
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual(['drift'])
  await pipeline.promote('second')
  await checkHealth()
  const rollback = { pipeline: config.pipeline, from: 'second', by: 'guard', why: 'it finds anomalies in 20 %' }
  await pool.query(`update outflow.drift_alarms set model_id = 'an earlier one'`)
  await rollBackModel(pool, rollback)
  for (let checks = 0; checks < 2; checks++) await checkHealth()
  await pipeline.another()()

  const reported = await relayed(pipeline)
  expect(reported.map(({ data }) => [data.kind, data.status, data.modelId])).toEqual([
    ['drift', 'begun', 'first'],
    ['drift', 'ended', 'first'],
    ['model_rolled_back', 'happened', 'second'],
  ])
  expect(reported[2]!.data.detail).toBe('rolled back to first by guard: it finds anomalies in 20 %')
  expect(new Set(reported.map(({ id }) => id)).size).toBe(3)
})

test('a model that floods is reported until its rate is normal, and one that is too old until a fit confirms it (a late record began the first)', async () => {
  const pipeline = await aLookedAfterPipeline()
  await pipeline.promote('first')
  const minuteOf = (count: number, anomalies: number) =>
    minuteScores(
      'first',
      Array(count).fill(Date.now()),
      Array(count).fill(9),
      Array.from({ length: count }, (_, index) => (index < anomalies ? 1 : 0)),
      Array(count).fill(0.5),
    )
  await pipeline.begin()
  // A late record had the anomalies of an earlier incident in its minute counted again.
  await pipeline.store(0n, 500n, minuteOf(500, 500))
  await pipeline.store(500n, 501n, minuteOf(1, 0))
  await pipeline.checkHealth()
  expect(await pipeline.openKinds()).toEqual([])
  await pipeline.store(501n, 701n, minuteOf(200, 150))
  // Three hourly fits are overdue.
  await pipeline.pool.query(`update outflow.models set created_at = now() - interval '3 h 1 min'`)
  await pipeline.checkHealth()
  expect(await pipeline.openKinds()).toEqual(['model_too_old', 'too_many_anomalies'])
  await pipeline.store(701n, 1_501n, minuteOf(800, 8))
  await pipeline.fitted('first', 'known', {})
  await pipeline.checkHealth()
  expect(await pipeline.openKinds()).toEqual([])

  const reported = (await relayed(pipeline)).map(({ data }) => `${data.kind} ${data.status} ${data.detail}`)
  const [flooding, old] = [
    'too_many_anomalies begun 150 of the last 200 records are anomalies',
    'model_too_old begun the model is 3 h old; expected: at most 3 h',
  ]
  expect(reported.slice(0, 2).toSorted()).toEqual([old, flooding])
  expect(reported.slice(2).toSorted()).toEqual([old, flooding].map((begun) => begun.replace('begun', 'ended')))
})

test('labels make no model younger, and a fit confirms it under its own id (each label ended the event of an old model)', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, checkHealth } = pipeline
  await pipeline.promote('first')
  await pool.query(`update outflow.models set created_at = now() - interval '3 h 1 min'`)
  const { calibration, ...metadata } = aModelMetadata({ modelId: 'labelled' })
  const labels = { of: 'first', until: new Date().toISOString(), confirmed: 1, normal: 0 }
  const labelled = { ...metadata, calibration: { ...calibration, labels } }
  await storeActive(pool, config.pipeline, { artefact: Buffer.from('labelled'), metadata: labelled })
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual(['model_too_old'])
  await pipeline.fitted('first', 'known', {})
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual([])
})

test('a condition that outlasts its model names the next one (it named the first until its end)', async () => {
  const pipeline = await aLookedAfterPipeline()
  await pipeline.promote('first')
  await pipeline.begin()
  await pipeline.send(150)
  await pipeline.checkHealth()
  pipeline.pass(61_000)
  await pipeline.checkHealth()
  await pipeline.promote('second')
  await pipeline.checkHealth()
  expect(await openHealthEvents(pipeline.pool, pipeline.config.pipeline)).toMatchObject([
    { kind: 'detector_silent', modelId: 'second' },
  ])
})

test('issue 17.8: a stream with only rejected records raises detector_silent with a field, and ingest is not ready (it named none)', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, checkHealth, pass } = pipeline
  await pipeline.promote('first')
  await pipeline.begin()
  for (let batch = 0n; batch < 4n; batch++) {
    await pipeline.send(25)
    await pipeline.reject(batch * 25n, (batch + 1n) * 25n)
    await checkHealth()
    pass(25_000)
  }
  expect(await pipeline.openKinds()).toEqual(['detector_silent', 'records_rejected'])
  expect(await healthEventsCheck(pool, { pipeline: config.pipeline, unready: ['detector_silent'] })).toMatchObject({
    ok: false,
    detail: expect.stringContaining(
      `75 of the last 75 records were rejected, most of them for missing_field, for example ${config.source.topics[0]}/0/0: $.grams is missing; before, 100 % were`,
    ),
  })

  await pipeline.send(6_000)
  await pipeline.store(100n, 6_100n)
  await checkHealth()
  expect(await pipeline.openKinds()).toEqual([])
})

test('conditions begin while one of the topics is missing (no check ended, and none began)', async () => {
  const pipeline = await aLookedAfterPipeline([aName('missing')])
  await pipeline.promote('first')
  await pipeline.begin()
  await pipeline.send(150)
  await pipeline.checkHealth()
  pipeline.pass(61_000)
  await pipeline.checkHealth()
  expect(await pipeline.openKinds()).toEqual(['detector_silent'])
})

test('issue 17.21: each gap before a position is one health event, with both offsets, whichever process checks', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool } = pipeline
  await pipeline.promote('first')
  const [topic] = config.source.topics as [string]
  const at = { pipeline: config.pipeline, topic }
  const [old, next] = [
    { nextOffset: 10n, topicId: 'a' },
    { nextOffset: 60n, topicId: 'a' },
  ]
  await beginPartitions(pool, at, new Map([[0, old]]))
  const gap = { ...at, partition: 0, kind: 'retention', stored: old, next, missed: 50n } as const
  expect(await skipMissed(pool, gap)).toBe(true)
  expect(await skipMissed(pool, gap)).toBe(false)
  const again = { nextOffset: 0n, topicId: 'b' }
  expect(await skipMissed(pool, { ...gap, kind: 'recreated', stored: next, next: again, missed: 0n })).toBe(true)
  await pipeline.checkHealth()
  await pipeline.another()()

  expect((await relayed(pipeline)).map(({ data }) => [data.kind, data.status, data.detail])).toEqual([
    ['records_missed', 'happened', `${topic}/0: 50 offsets were deleted before they were read: 10 to 59`],
    [
      'records_missed',
      'happened',
      `${topic}/0: the topic was deleted and created again; offset 60 was to be read next, and reading begins at 0`,
    ],
  ])
  expect(await partitionCounters(pool, config.pipeline)).toMatchObject([{ nextOffset: 0n, missed: 50 }])
})

const FAILED_AS_SHADOW = 'as a shadow it scored no record until the next fit was due'
const FAILED_GATE = 'it finds anomalies in 20 % of the held-out records'

test.each([
  ['its gate', { gate: aGateReport({ passed: false, failures: [FAILED_GATE] }) }, FAILED_GATE],
  [
    'as a shadow (the detail was that it did not pass)',
    {
      gate: aGateReport(),
      shadow: {
        ...{ forMs: 1, scored: 0, anomalyShare: 0, activeAnomalyShare: 0, disagreement: 0 },
        failure: FAILED_AS_SHADOW,
      },
    },
    FAILED_AS_SHADOW,
  ],
])(
  'a candidate that fails %s is reported once, with the reason, also days after its fit (only within a day)',
  async (_, report, detail) => {
    const pipeline = await aLookedAfterPipeline()
    await pipeline.promote('first')
    await pipeline.fitted('second', 'failed_gate', report)
    await pipeline.pool.query(`update outflow.fits set ended_at = now() - interval '2 days'`)

    for (let checks = 0; checks < 2; checks++) await pipeline.checkHealth()
    await pipeline.another()()

    expect((await relayed(pipeline)).map(({ data }) => [data.kind, data.status, data.modelId, data.detail])).toEqual([
      ['model_failed_gate', 'happened', 'second', detail],
    ])
  },
)

test('issue 17.7: the health event of a pipeline without a model has the reason, and the reason is updated while it is open', async () => {
  const pipeline = await aLookedAfterPipeline()
  const { config, pool, checkHealth } = pipeline
  const waitingFor = (reason: string) =>
    beat(pool, { pipeline: config.pipeline, service: 'trainer', waitingFor: `training window: ${reason}` })
  await waitingFor('3 records in the topics')
  await checkHealth()
  await waitingFor('5,000 records read, 5,000 rejected, for example: $.amout is absent')
  await checkHealth()
  const [open, ...others] = await openHealthEvents(pool, config.pipeline)
  expect(open).toMatchObject({ kind: 'no_model', detail: expect.stringContaining('$.amout is absent') })
  expect(others).toEqual([])
  const sent = (await relayed(pipeline)).map(({ data }) => [data.status, data.detail])
  expect(sent).toEqual([
    ['begun', 'no model is active, and nothing is scored: training window: 3 records in the topics'],
  ])
})

test('issue 17.20: a record that failed is a health event with its topic, partition and offset, one per hour', async () => {
  const pipeline = await aLookedAfterPipeline()
  await pipeline.promote('first')
  await pipeline.begin()
  await pipeline.store(0n, 40n)
  await pipeline.reject(40n, 43n, 'failed', 'TypeError: not a function')
  for (let checks = 0; checks < 2; checks++) await pipeline.checkHealth()
  const sent = (await relayed(pipeline)).map(({ data }) => [data.kind, data.status, data.detail])
  const position = `${pipeline.config.source.topics[0]}/0/40`
  expect(sent).toEqual([['record_failed', 'happened', `${position} is a dead letter: TypeError: not a function`]])
})

test('of the dead letters, a health check reads only those that failed (it read all of the last day)', async () => {
  const pipeline = await aLookedAfterPipeline()
  await pipeline.begin()
  await pipeline.reject(0n, 300n)
  await withTransaction(pipeline.pool, async (client) => {
    // In a table as small as this one Postgres reads all rows.
    await client.query('set local enable_seqscan = off')
    let plan: unknown
    const query = async ({ text, values }: { text: string; values: unknown[] }) => {
      plan = (await client.query(`explain (format json) ${text}`, values)).rows
      return { rows: [] }
    }
    await newOccurrences({ query } as unknown as Queryable, pipeline.config.pipeline)
    expect(JSON.stringify(plan)).toContain('dead_letters_failed')
  })
})

test('a day after an hour of failed records none of them is a health event again (one after the other was)', async () => {
  const pipeline = await aLookedAfterPipeline()
  await pipeline.promote('first')
  await pipeline.begin()
  await pipeline.store(0n, 40n)
  await pipeline.reject(40n, 41n, 'failed', 'TypeError: not a function')
  await pipeline.checkHealth()
  await pipeline.reject(41n, 42n, 'failed', 'TypeError: not a function')
  await pipeline.pool.query(
    `update outflow.dead_letters
     set rejected_at = date_trunc('hour', now() - interval '1 day') + ("offset" - 40) * interval '59 minutes 59.9 seconds'
     where pipeline = $1`,
    [pipeline.config.pipeline],
  )
  await pipeline.checkHealth()
  expect((await relayed(pipeline)).map(({ data }) => data.kind)).toEqual(['record_failed'])
})
