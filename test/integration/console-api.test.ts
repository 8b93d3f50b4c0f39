import { modelThreshold } from '@outflow/detector'
import { beat } from '@outflow/store/health-events'
import { noteRecalibration } from '@outflow/store/models'
import { describe, expect, it, vi } from 'vitest'
import { pool } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import { parcelModel } from '../support/parcel-models.js'
import { ANOMALY, ask, NOW, PIPELINE } from '../support/stored-console.js'
import { storeActive } from '../support/stored-model.js'

describe('an anomaly', () => {
  it('is returned with all details, its record as data', async () => {
    const { status, headers, body } = await ask(ANOMALY)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('application/json')
    expect(body).toMatchObject({
      id: 'flights/flights/1/7',
      record: { delay: 7, note: '<img src=x onerror=alert(1)>' },
      reasons: [
        { field: 'carrier', bits: 9 },
        { field: 'origin', bits: 2 },
      ],
      counterfactual: null,
      missing: [],
      modelId: 'model-1',
      model: { state: 'active' },
      verdicts: [],
      alert: { unsent: null, deliveries: [] },
    })
  })

  it('lists earlier anomalies with similar reasons, the most similar first', async () => {
    const { body } = await ask(`${ANOMALY}/similar?limit=5`)
    expect(body.items).toHaveLength(5)
    const similarities = body.items.map(({ similarity }: { similarity: number }) => similarity)
    expect(similarities).toEqual([...similarities].sort((a, b) => b - a))
    expect(similarities[0]).toBeCloseTo(1, 6)
    for (const { topReason, id } of body.items) {
      expect(topReason).toBe('carrier is odd')
      expect(id).not.toBe('flights/flights/1/7')
    }
  })

  it('has the state of its alert', async () => {
    await pool.query(
      `insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because) values ('flights', 'flights', 1, 7, 'cooldown')`,
    )
    await pool.query(
      `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload, attempts, failure)
       values ('flights', 'pager', 'flights/flights/1/7', 'x', 2, 'HTTP 503')`,
    )
    expect((await ask(ANOMALY)).body.alert).toMatchObject({
      unsent: { because: 'cooldown', ruleId: null },
      deliveries: [{ webhook: 'pager', state: 'waiting', attempts: 2, failure: 'HTTP 503' }],
    })
    await pool.query('delete from outflow.unsent_alerts')
    await pool.query('delete from outflow.webhook_deliveries')
  })

  it.each([
    ['flights/flights/1/8', 404],
    ['flights', 404],
    ["flights/flights/1/7' or 1=1", 404],
    ['flights/flights/1/99999999999999999999', 404],
  ])('is not there as %s', async (id, status) => {
    const answer = await ask(`/api/anomalies/${encodeURIComponent(id)}`)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ title: 'Not Found', status })
  })
})

it('gives the history of an entity', async () => {
  const { body } = await ask('/api/entities?key=airport-9')
  expect(body).toEqual({ anomalies: 4, confirmed: 0, falseAlarms: 0, firstSeen: expect.any(String) })
  expect((await ask('/api/entities?key=nobody')).body).toMatchObject({ anomalies: 0, firstSeen: null })
})

it('issue 20: the 90 days of an entity have the events of the pipeline, with close ones of a kind merged', async () => {
  await pool.query(
    `insert into outflow.model_changes (pipeline, action, model_id, made_by, why, made_at)
     select 'flights', 'promote', 'm-' || days, 'test', 'why', now() - make_interval(days => days, mins => 1)
     from unnest(array[10, 60, 89, 91]) as days
     union all
     select 'flights', 'rollback', 'm-old', 'test', 'why', now() - interval '60 days 2 minutes'`,
  )
  const span = `from=${new Date(NOW - 90 * 86_400_000).toISOString()}&to=${new Date(NOW + 60_000).toISOString()}`
  const { body } = await ask(`/api/anomalies/overview?key=airport-9&${span}&steps=92`)
  expect(body.stepSeconds).toBe(86_400)
  const marks = body.marks.filter(({ subject }: { subject: string }) => subject.startsWith('m-'))
  expect(marks).toMatchObject([
    { kind: 'model', subject: 'm-10', count: 1 },
    { kind: 'model', subject: 'm-60', detail: 'promote', count: 2 },
    { kind: 'model', subject: 'm-89', count: 1 },
  ])
  const [, several] = marks
  expect(Date.parse(several.at) - Date.parse(several.firstAt)).toBe(60_000)
  await pool.query(`delete from outflow.model_changes where model_id like 'm-%'`)
})

describe('statistics', () => {
  it('give percentiles over time, near the exact ones', async () => {
    const from = new Date(NOW - 3_600_000).toISOString()
    const { body } = await ask(`/api/statistics/scores?from=${from}`)
    expect(body).toMatchObject({ threshold: null, step: 60 })
    expect(body.points).toHaveLength(2)
    expect(body.points[0]).toMatchObject({ records: 1_000, anomalies: 10, max: 999 })
    expect(body.points[0].p50 / 500).toBeCloseTo(1, 0)
    expect(body.points[0].p99 / 990).toBeCloseTo(1, 0)
  })

  it('reject a span that is empty or too long', async () => {
    expect((await ask('/api/statistics/scores?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z')).status).toBe(400)
    expect((await ask('/api/statistics/scores?from=2020-01-01T00:00:00Z')).status).toBe(400)
    const month = 'from=2026-01-01T00:00:00Z&to=2026-01-31T00:00:00Z'
    expect((await ask(`/api/statistics/scores?${month}`)).body.step).toBe(10_800)
  })

  it('list the pipelines, and the health of one', async () => {
    expect((await ask('/api/pipelines')).body).toEqual([
      { pipeline: PIPELINE, newestAnomalyAt: expect.any(String), isOwn: true },
    ])
    const { body } = await ask('/api/health')
    expect(body).toMatchObject({
      lag: null,
      deadLetters: [{ reason: 'empty', count: 3 }],
      drift: [],
      events: [],
      outboxWaiting: 0,
    })
    expect(body.activeModelAgeSeconds).toBeGreaterThanOrEqual(0)
  })

  it('issue 17.7: have the reason why a pipeline has no model', async () => {
    expect((await ask('/api/health')).body.whyNoModel).toBeNull()
    const waitingFor = 'training window: 5,000 records read, 5,000 rejected, for example: $.amout is absent'
    await beat(pool, { pipeline: 'mistyped', service: 'trainer', waitingFor })
    try {
      expect((await ask('/api/pipelines')).body).toMatchObject([
        { pipeline: PIPELINE },
        { pipeline: 'mistyped', newestAnomalyAt: null },
      ])
      expect((await ask('/api/health?pipeline=mistyped')).body.whyNoModel).toBe(waitingFor)
    } finally {
      await pool.query(`delete from outflow.heartbeats where pipeline = 'mistyped'`)
    }
  })

  it('page through the dead letters, each once', async () => {
    const first = (await ask('/api/dead-letters?limit=2')).body
    expect(first.items).toMatchObject([
      { offset: '1000', reason: 'empty', valueBytes: null, valueIsCut: false },
      { offset: '1001' },
    ])
    const second = (await ask(`/api/dead-letters?limit=2&cursor=${first.next}`)).body
    expect(second).toMatchObject({ items: [{ offset: '1002' }], next: null })
  })

  it('have the threshold by the recalibrated p-values, as ingest decides (it was that of the own ones)', async () => {
    const model = await parcelModel()
    const { modelId, alertRate } = model.metadata
    await storeActive(pool, 'recalibrated', model)
    const recalibration = { at: [0], shift: [1] }
    await noteRecalibration(pool, { pipeline: 'recalibrated', modelId, recalibration, factor: 2.7, until: new Date() })
    const { body } = await ask('/api/statistics/scores?pipeline=recalibrated')
    expect(body.threshold).toBe(modelThreshold(model.artefact, alertRate, recalibration))
    expect(body.threshold).toBeGreaterThan(modelThreshold(model.artefact, alertRate)!)
  })

  it('have no threshold of another pipeline whose false-discovery control varies it (it was that of its alert rate)', async () => {
    await storeActive(pool, 'controlled', await parcelModel())
    await beginPartition(pool, { pipeline: 'controlled', topic: 'parcels' })
    const threshold = async () => (await ask('/api/statistics/scores?pipeline=controlled')).body.threshold
    expect(await threshold()).toBeGreaterThan(0)
    await pool.query(`update outflow.offsets set fdr_state = '{}' where pipeline = 'controlled'`)
    expect(await threshold()).toBeNull()
  })
})

describe('models', () => {
  it('are listed, and returned with the report of their fit', async () => {
    const { body: models } = await ask('/api/models')
    expect(models).toMatchObject([
      { id: 'model-1', state: 'active' },
      { id: 'model-0', state: 'retired' },
    ])
    const { body } = await ask('/api/models/model-1')
    expect(body).toMatchObject({
      fit: {
        incumbentId: 'model-0',
        report: {
          records: { fitted: 900 },
          fit: { atSteps: [50, 100], trainNll: [1.5, 1.2], validationNll: [1.6, 1.3], peakMemoryBytes: 1_000_000 },
          gate: { passed: true },
          seed: 7,
        },
      },
      changes: [{ action: 'promote', modelId: 'model-1', by: 'test' }],
    })
    expect((await ask('/api/models/model-9')).status).toBe(404)
  })
})

it('gives the precision by week, field, severity and model', async () => {
  const give = (offset: number, verdict: string) =>
    pool.query(
      `select outflow.insert_verdict(pipeline, topic, partition, "offset", $2, null, 'test')
       from outflow.anomalies where topic = 'flights' and "offset" = $1`,
      [offset, verdict],
    )
  await give(20, 'confirmed')
  await give(24, 'false_alarm')
  await give(29, 'confirmed')
  try {
    const { body } = await ask('/api/precision')
    const delay = { groupedBy: 'field', value: 'delay', confirmed: 1, falseAlarms: 1, expected: 0, precision: 0.5 }
    expect(body).toContainEqual({ ...delay, lower: expect.closeTo(0.095, 3), upper: expect.closeTo(0.905, 3) })
    expect(body).toContainEqual(expect.objectContaining({ groupedBy: 'model', value: 'model-1', precision: 1 }))
    expect(new Set(body.map(({ groupedBy }: { groupedBy: string }) => groupedBy))).toEqual(
      new Set(['field', 'model', 'severity', 'week']),
    )
  } finally {
    await pool.query('delete from outflow.verdicts')
  }
})

it('returns the anomalies that were detected in the time before the request, in the order of the list', async () => {
  const found = async () => (await ask('/api/anomalies?key=late&detectedWithinMs=600000')).body.items
  expect(await found()).toEqual([])
  await pool.query(
    `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key,
       record, nll, p_value, p_upper, severity, reasons, model_id, detected_at)
     select pipeline, 'late', 0, age, now() - age * interval '1 day', now(), 'late', record, nll, p_value, p_upper, severity, reasons,
            model_id, now() - age * interval '6 minutes'
     from outflow.anomalies, generate_series(0, 2) as age where topic = 'flights' and "offset" = 7`,
  )
  const within = [
    { topic: 'late', offset: '0', topReason: 'carrier is odd' },
    { topic: 'late', offset: '1' },
  ]
  expect(await found()).toMatchObject(within)
  // The clock of the console is an hour ahead: none was returned.
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
  expect(await found().finally(() => vi.restoreAllMocks())).toMatchObject(within)
  await pool.query(`delete from outflow.anomalies where topic = 'late'`)
})

it('describes every route of the API by OpenAPI 3.1', async () => {
  const { body } = await ask('/api/openapi.json')
  expect(body.openapi).toMatch(/^3\.1/)
  expect(Object.keys(body.paths).toSorted()).toEqual([
    ...['/api/anomalies', '/api/anomalies/overview', '/api/anomalies/verdicts', '/api/anomalies/{id}'],
    ...['/api/anomalies/{id}/around', '/api/anomalies/{id}/similar', '/api/anomalies/{id}/verdicts'],
    ...['/api/calibration-records', '/api/dead-letters', '/api/dead-letters/resend', '/api/entities', '/api/health'],
    ...['/api/models', '/api/models/{id}', '/api/models/{id}/difference', '/api/models/{id}/promote'],
    ...['/api/pipelines', '/api/pipelines/{pipeline}/rollback', '/api/precision', '/api/retrain', '/api/session'],
    ...['/api/statistics/scores', '/api/suppressions', '/api/suppressions/{id}'],
  ])
})
