import { hasMoreAnomalies } from '@outflow/store/anomalies'
import { insertModel, promoteModel } from '@outflow/store/models'
import { listSuppressions } from '@outflow/store/suppressions'
import { describe, expect, it } from 'vitest'
import { pool } from '../support/a-pool.js'
import { aGateReport, aModelMetadata } from '../support/reports.js'
import { ANOMALY, ask, console, NOW, PIPELINE, send } from '../support/stored-console.js'

describe('an anomaly', () => {
  it('accepts a verdict, which the lists and the audit log contain', async () => {
    const given = await send('POST', `${ANOMALY}/verdicts`, 'analyst', {
      verdict: 'confirmed',
      note: 'a <b>real</b> one',
    })
    expect(given.status).toBe(201)
    expect(given.body).toMatchObject({ verdict: 'confirmed', note: 'a <b>real</b> one', by: 'a analyst' })
    expect((await ask(ANOMALY)).body).toMatchObject({ verdict: 'confirmed', verdicts: [{ by: 'a analyst' }] })
    expect((await ask('/api/anomalies?verdict=confirmed')).body.items).toMatchObject([{ id: 'flights/flights/1/7' }])
    expect((await ask('/api/anomalies?verdict=none&limit=500')).body.items).toHaveLength(399)
    expect((await ask('/api/entities?key=airport-7')).body).toMatchObject({
      anomalies: 4,
      confirmed: 1,
      falseAlarms: 0,
    })
    expect(await lastAudit()).toMatchObject({
      actor: 'a analyst',
      role: 'analyst',
      authentication: 'token',
      action: 'give verdict',
      target: 'flights/flights/1/7',
      detail: { verdict: 'confirmed' },
      outcome: 'done',
    })
  })

  it('stores one verdict on all anomalies of a filter', async () => {
    const filter = {
      key: 'airport-20',
      from: new Date(NOW - 3_600_000).toISOString(),
      to: new Date(NOW + 60_000).toISOString(),
    }
    const given = await send('POST', '/api/anomalies/verdicts', 'analyst', {
      verdict: 'expected',
      note: 'snow',
      filter,
    })
    expect(given).toMatchObject({ status: 201, body: { anomalies: 4 } })
    const { items } = (await ask('/api/anomalies?verdict=expected')).body
    expect(items.map(({ key }: { key: string }) => key)).toEqual(Array(4).fill('airport-20'))
    expect(await lastAudit()).toMatchObject({
      action: 'give verdicts',
      detail: { verdict: 'expected', filter },
      outcome: 'done',
    })
    expect((await send('POST', '/api/anomalies/verdicts', 'reader', { verdict: 'expected', filter })).status).toBe(403)
    const open = { key: 'airport-20' }
    expect(
      (await send('POST', '/api/anomalies/verdicts', 'analyst', { verdict: 'expected', filter: open })).status,
    ).toBe(400)
  })

  it('accepts a verdict on as many anomalies as allowed, and rejects one more', async () => {
    const filter = { pipeline: PIPELINE, severity: 'high' } as const
    const counted = await pool.query(`select count(*)::int as n from outflow.anomalies where severity = 'high'`)
    const { n } = counted.rows[0]
    expect(await Promise.all([n - 1, n].map((most) => hasMoreAnomalies(pool, filter, most)))).toEqual([true, false])
  })

  it('rejects an unknown verdict, and one on a record that is not an anomaly', async () => {
    expect((await send('POST', `${ANOMALY}/verdicts`, 'analyst', { verdict: 'maybe' })).status).toBe(400)
    const unknown = `/api/anomalies/${encodeURIComponent('flights/flights/1/8')}/verdicts`
    expect((await send('POST', unknown, 'analyst', { verdict: 'expected' })).status).toBe(404)
    expect(await lastAudit()).toMatchObject({ action: 'give verdict', outcome: 'failed' })
  })
})

describe('models', () => {
  it('are not promoted when no detector opens them; the audit log has the failure', async () => {
    const { status, body } = await send('POST', '/api/models/model-0/promote', 'operator', { reason: 'try' })
    expect(status, JSON.stringify(body)).toBe(409)
    expect((await ask('/api/models')).body).toMatchObject([{ id: 'model-1', state: 'active' }, {}])
    expect(await lastAudit()).toMatchObject({ action: 'promote', target: 'model-0', outcome: 'failed' })
  })

  it('are rolled back, and a new one is requested', async () => {
    const rolled = await send('POST', '/api/pipelines/flights/rollback', 'operator', { reason: 'too many alarms' })
    expect(rolled.status).toBe(204)
    expect((await ask('/api/models')).body).toMatchObject([
      { id: 'model-1', state: 'rolled_back' },
      { id: 'model-0', state: 'active' },
    ])
    expect((await send('POST', '/api/pipelines/flights/rollback', 'operator', { reason: 'again' })).status).toBe(409)
    const answer = await send('POST', '/api/retrain', 'operator', {})
    expect(answer).toMatchObject({ status: 202, body: { request: expect.any(String) } })
    const { rows } = await pool.query('select requested_by, why from outflow.retrain_requests')
    expect(rows).toEqual([{ requested_by: 'a operator', why: 'requested in the console' }])
    await pool.query('delete from outflow.retrain_requests')
    await send('POST', `/api/retrain?pipeline=${PIPELINE}`, 'operator', { pipeline: 'nobody' })
    const requested = await pool.query('select pipeline from outflow.retrain_requests')
    // It was nobody: the one of the URL was looked for.
    expect(requested.rows).toEqual([{ pipeline: PIPELINE }])
  })
})

it('offers calibration records of the active model, and accepts their labels', async () => {
  const [pipeline, id] = ['labelled', '00000000-0000-8000-8000-000000000001']
  await insertModel(pool, {
    ...{ pipeline, id, artefact: Buffer.from(id), metadata: aModelMetadata({ modelId: id }) },
    ...{ metrics: aGateReport(), parentId: null },
    toLabel: [0, 1].map((rank) => ({
      ...{ rank, topic: 'flights', partition: 0, offset: BigInt(rank), recordTimeMs: NOW, nll: 9 - rank },
      record: { delay: 900 },
    })),
  })
  expect((await ask(`/api/calibration-records?pipeline=${pipeline}`)).body).toEqual({
    labelled: 0,
    confirmed: 0,
    next: [],
  })
  await promoteModel(pool, { pipeline, id, by: 'test', why: 'to begin with' })
  const { body } = await ask(`/api/calibration-records?pipeline=${pipeline}`)
  expect(body).toMatchObject({
    labelled: 0,
    next: [{ id: 'labelled/flights/0/0', nll: 9, record: { delay: 900 } }, {}],
  })
  const labelled = `/api/anomalies/${encodeURIComponent(body.next[0].id)}/verdicts`
  expect((await send('POST', labelled, 'analyst', { verdict: 'confirmed' })).status).toBe(201)
  expect((await ask(`/api/calibration-records?pipeline=${pipeline}`)).body).toMatchObject({
    ...{ labelled: 1, confirmed: 1 },
    next: [{ id: 'labelled/flights/0/1' }],
  })
})

it('adds, lists and removes rules that hide alerts', async () => {
  const expiresAt = new Date(NOW + 86_400_000).toISOString()
  const rule = { field: 'delay', direction: 'above', range: [null, 90], entity: 'JFK', expiresAt }
  const added = await send('POST', '/api/suppressions', 'operator', { ...rule, reason: 'known' })
  expect(added.status).toBe(201)
  expect((await ask('/api/suppressions')).body).toMatchObject([
    { id: added.body.id, ...rule, reason: 'known', createdBy: 'a operator', hidden: 0 },
  ])
  const past = { ...rule, expiresAt: new Date(NOW - 1_000).toISOString() }
  expect((await send('POST', '/api/suppressions', 'operator', { ...past, reason: 'late' })).status).toBe(400)
  expect((await send('POST', '/api/suppressions', 'operator', { expiresAt, reason: 'all' })).status).toBe(400)
  const removed = `/api/suppressions/${added.body.id}`
  expect((await send('DELETE', `${removed}?pipeline=labelled`, 'operator')).status).toBe(404)
  expect((await ask('/api/suppressions')).body).toHaveLength(1)
  expect((await send('DELETE', removed, 'operator')).status).toBe(204)
  expect(await lastAudit()).toMatchObject({
    ...{ action: 'remove suppression', pipeline: PIPELINE, target: added.body.id, outcome: 'done' },
  })
  expect((await send('DELETE', removed, 'operator')).status).toBe(404)
  expect((await ask('/api/suppressions')).body).toEqual([])
  expect(await listSuppressions(pool, { pipeline: PIPELINE, all: true })).toMatchObject([{ removedBy: 'a operator' }])
})

describe('roles', () => {
  it.each([
    ['POST', `${ANOMALY}/verdicts`, 'reader', { verdict: 'expected' }],
    ['POST', '/api/models/model-0/promote', 'analyst', { reason: 'x' }],
    ['POST', '/api/pipelines/flights/rollback', 'analyst', { reason: 'x' }],
    ['POST', '/api/retrain', 'analyst', {}],
    ['POST', '/api/suppressions', 'analyst', {}],
    ['DELETE', '/api/suppressions/1', 'analyst', undefined],
  ] as const)('%s %s is denied to a %s, and the audit log has it', async (method, path, role, body) => {
    const answer = await send(method, path, role, body)
    expect(answer).toMatchObject({ status: 403, body: { title: 'Forbidden' } })
    expect(await lastAudit()).toMatchObject({ actor: `a ${role}`, outcome: 'denied' })
  })

  it.each(['/api/session', '/api/anomalies', '/api/openapi.json', '/metrics', '/%61pi/anomalies'])(
    '%s is for nobody without a token',
    async (path) => {
      const answer = await console.ask(path)
      expect(answer).toMatchObject({ status: 401, body: { logins: ['token'] } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      expect(await console.ask(path, { token: 'a-wrong-token' })).toMatchObject({
        ...{ status: 401, body: { detail: 'unknown token; `outflow token` makes one' } },
      })
    },
  )

  it('the probes and the page require no login', async () => {
    expect((await console.ask('/healthz')).status).toBe(200)
    expect((await console.ask('/readyz')).status).toBe(200)
  })

  it('every change that was made or attempted is in analyst.audit, with its outcome', async () => {
    const { rows } = await pool.query(
      'select outcome, count(*)::int as entries from analyst.audit group by 1 order by 1',
    )
    expect(rows).toEqual([
      { outcome: 'denied', entries: 7 },
      { outcome: 'done', entries: 8 },
      { outcome: 'failed', entries: 5 },
    ])
  })
})

describe('a pipeline that does not exist', () => {
  const filter = { from: new Date(NOW - 1_000).toISOString(), to: new Date(NOW).toISOString() }
  it.each([
    ['GET', '/api/anomalies?pipeline=nobody'],
    ['GET', '/api/anomalies/overview?pipeline=nobody'],
    ['POST', '/api/anomalies/verdicts', { verdict: 'expected', filter: { ...filter, pipeline: 'nobody' } }],
    ['GET', '/api/entities?pipeline=nobody&key=airport-9'],
    ['GET', '/api/statistics/scores?pipeline=nobody'],
    ['GET', '/api/health?pipeline=nobody'],
    ['GET', '/api/dead-letters?pipeline=nobody'],
    ['GET', '/api/precision?pipeline=nobody'],
    ['GET', '/api/models?pipeline=nobody'],
    ['POST', '/api/pipelines/nobody/rollback', { reason: 'typo' }],
    ['POST', '/api/retrain', { pipeline: 'nobody' }],
    ['GET', '/api/suppressions?pipeline=nobody'],
  ])('is a 404 that names it on %s %s (it was an empty list)', async (method, path, body?: object) => {
    const answer = await send(method, path, 'operator', body)
    expect(answer).toMatchObject({ status: 404, body: { detail: 'there is no pipeline nobody' } })
  })
})

async function lastAudit(): Promise<object> {
  const { rows } = await pool.query('select * from analyst.audit order by id desc limit 1')
  return rows[0]
}
