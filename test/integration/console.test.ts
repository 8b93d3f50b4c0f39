import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { countAnomalies, leastLikelyLimit } from '@outflow/store/anomalies'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConsole, type ConsoleUnderTest } from '../support/a-console.js'
import { pool, url } from '../support/a-pool.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const PIPELINE = 'flights'
const STORED = 500

let console: ConsoleUnderTest

beforeAll(async () => {
  await storeAnomalies(pool, { pipeline: PIPELINE, count: STORED, perTime: 10 })
  console = await aConsole({ databaseUrl: url, pipeline: PIPELINE })
})

afterAll(() => console.close())

describe('the list of anomalies', () => {
  const idsOf = async (query: string): Promise<readonly string[]> => {
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
      const { status, body } = await console.ask(`/api/anomalies?${query}${from}`)
      expect(status, JSON.stringify(body)).toBe(200)
      ids.push(...body.items.map(({ id }: { id: string }) => id))
      cursor = body.next
    }
    return ids
  }

  it.each(['time', 'bits'])('pages by %s over ties: each anomaly once, in order', async (sort) => {
    const paged = await idsOf(`sort=${sort}&limit=7`)
    expect(new Set(paged).size).toBe(STORED)
    expect(paged).toEqual(await idsOf(`sort=${sort}&limit=500`))
  })

  it('neither repeats nor misses anomalies when others are added', async () => {
    const { body: first } = await console.ask('/api/anomalies?limit=5')
    const added = 'added-meanwhile'
    await pool.query(
      `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll, p_value,
         p_upper, severity, reasons, model_id, detected_at)
       select pipeline, $2, partition, "offset", now() + interval '1 minute', event_time, entity_key, record, nll, p_value, p_upper,
              severity, reasons, model_id, detected_at
       from outflow.anomalies where pipeline = $1 and "offset" = 1`,
      [PIPELINE, added],
    )
    const { body: second } = await console.ask(`/api/anomalies?limit=5&cursor=${first.next}`)
    await pool.query('delete from outflow.anomalies where topic = $1', [added])
    const all = await idsOf('limit=500')
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(all.slice(0, 10))
  })

  it('issue 20: returns the values of chosen fields of the record', async () => {
    const { body } = await console.ask('/api/anomalies?limit=1&column=delay&column=route.none')
    const [{ offset, values }] = body.items
    expect(values).toEqual([offset, null])
    expect((await console.ask('/api/anomalies?limit=1')).body.items[0].values).toEqual([])
  })

  it('has the columns of the table for each', async () => {
    const { body } = await console.ask('/api/anomalies?key=airport-8&field=delay&sort=bits&limit=1')
    expect(body.items).toMatchObject([
      {
        id: expect.stringMatching(/^flights\/flights\/\d\/\d+8$/),
        key: 'airport-8',
        topReason: 'delay is odd',
        verdict: null,
      },
    ])
  })

  it.each([
    ['key=airport-8', 5],
    ['field=carrier', 125],
    ['severity=high', 166],
    ['modelId=model-1', 250],
    [`minBits=${Math.log2(1_036.5)}`, 36],
    ['text=LATE 49', 11],
    ['text=%25', 0],
    ["text=' or 1=1 --", 0],
    ["key=x'; drop table outflow.anomalies; --", 0],
    ['verdict=none', 500],
    ['verdict=confirmed', 0],
  ])('filters by %s', async (query, count) => {
    expect(await idsOf(`limit=500&${query}`)).toHaveLength(count)
  })

  it('finds a text that JSON escapes as it is shown (`C:\\temp` found nothing)', async () => {
    const path = { path: 'C:\\temp\\"new"' }
    await pool.query('update outflow.anomalies set record = record || $1 where "offset" in (31, 32)', [path])
    for (const text of ['c:\\temp', '\\"new"', '"path": "C:']) {
      expect(await idsOf(`limit=500&text=${encodeURIComponent(text)}`)).toHaveLength(2)
    }
  })

  it.each([
    ['limit=0', 'limit'],
    ['limit=many', 'limit'],
    ['sort=name', 'sort'],
    ['from=yesterday', 'from'],
    ['cursor=bm9uZQ', 'cursor'],
    ['key=%00', 'key'],
    ['severity=%27--', 'severity'],
  ])('rejects %s as a problem that names the parameter', async (query, field) => {
    const { status, headers, body } = await console.ask(`/api/anomalies?${query}`)
    expect(status).toBe(400)
    expect(headers.get('content-type')).toContain('application/problem+json')
    expect(body).toMatchObject({ type: 'about:blank', title: 'Bad Request', status: 400 })
    expect(body.detail).toContain(field)
  })
})

describe('the overview', () => {
  it('counts the anomalies of a filter once each, by time, entity, field and severity', async () => {
    const { body: all } = await console.ask('/api/anomalies/overview?steps=20')
    expect(all).toMatchObject({ anomalies: STORED, before: null, lanesBy: 'entity' })
    const sum = (counted: readonly { anomalies: number }[]) => counted.reduce((total, one) => total + one.anomalies, 0)
    for (const counted of [all.total, all.fields, all.severities]) expect(sum(counted)).toBe(STORED)
    expect(all.total.length).toBeLessThanOrEqual(20)
    expect(all.lanes).toHaveLength(8)
    for (const lane of all.lanes) {
      expect(lane.anomalies).toBe(5)
      expect(sum(lane.cells)).toBe(5)
    }
    expect(all.total[0].leastPValue).toBeGreaterThan(0)
    const { body: ofOne } = await console.ask('/api/anomalies/overview?key=airport-8&severity=high')
    expect(ofOne).toMatchObject({ lanesBy: 'field', lanes: [{ name: 'delay' }], severities: [{ name: 'high' }] })
  })

  it('also counts the period before a requested span', async () => {
    const { rows } = await pool.query(
      'select min(record_time) as first, max(record_time) as last from outflow.anomalies',
    )
    const middle = new Date((rows[0].first.getTime() + rows[0].last.getTime()) / 2).toISOString()
    const to = new Date(rows[0].last.getTime() + 1).toISOString()
    const { body } = await console.ask(`/api/anomalies/overview?from=${middle}&to=${to}&compare=true`)
    expect(body.anomalies + body.before).toBe(STORED)
    expect(body.lanes[0].before).toBeGreaterThan(0)
    expect((await console.ask('/api/anomalies/overview?compare=true')).body.before).toBeNull()
  })

  it('counts only the least likely if there are too many to count fast', async () => {
    await pool.query('analyze outflow.anomalies')
    const limit = await leastLikelyLimit(pool, { filter: { pipeline: PIPELINE }, exactUpTo: 100, most: 50 })
    expect(limit!.about).toBeGreaterThan(100)
    const counts = await countAnomalies(pool, { pipeline: PIPELINE, maxPValue: limit!.maxPValue, stepSeconds: 3_600 })
    const counted = counts.reduce((sum, { anomalies }) => sum + anomalies, 0)
    // Equal p-values may add a few.
    expect(counted).toBeGreaterThanOrEqual(50)
    expect(counted).toBeLessThan(100)
    expect(await leastLikelyLimit(pool, { filter: { pipeline: PIPELINE }, exactUpTo: 5_000, most: 50 })).toBeNull()
  })

  it('is empty where nothing matches, and has the events of the pipeline', async () => {
    await pool.query(
      `insert into outflow.model_changes (pipeline, action, model_id, made_by, why) values ($1, 'promote', 'm-2', 'test', 'why')`,
      [PIPELINE],
    )
    const from = new Date(Date.now() - 60_000).toISOString()
    const { body } = await console.ask(
      `/api/anomalies/overview?key=nobody&from=${from}&to=${new Date(Date.now() + 60_000).toISOString()}`,
    )
    expect(body).toMatchObject({
      anomalies: 0,
      lanes: [],
      total: [],
      marks: [{ kind: 'model', subject: 'm-2', detail: 'promote' }],
    })
    await pool.query('delete from outflow.model_changes')
  })
})

const forged = (changes: object) => {
  const last = { pValue: 0.5, recordTime: '2026-01-01T00:00:00Z', topic: 't', partition: 0, offset: '1', ...changes }
  return Buffer.from(JSON.stringify(last)).toString('base64url')
}

describe('issue 17.28: a hostile request', () => {
  it.each([
    '/api/anomalies?pipeline=%00',
    '/api/health?pipeline=a%00b',
    '/api/models?pipeline=%00',
    '/api/entities?pipeline=%00&key=LAX',
    `/api/anomalies?cursor=${forged({ recordTime: '9999-99-99T99:99:99Z' })}`,
    `/api/anomalies?cursor=${forged({ topic: 't\0' })}`,
    `/api/anomalies?cursor=${forged({ partition: 2 ** 40 })}`,
    `/api/dead-letters?cursor=${forged({ topic: 't\0' })}`,
    `/api/dead-letters?cursor=${forged({ partition: 2 ** 40 })}`,
  ])('%s is rejected as a problem', async (path) => {
    const { status, headers, body } = await console.ask(path)
    expect(status, JSON.stringify(body)).toBe(400)
    expect(headers.get('content-type')).toContain('application/problem+json')
  })

  it.each(['/api/anomalies/p%00%2Ft%2F0%2F1', '/api/models/%00'])('%s matches nothing', async (path) => {
    expect([400, 404]).toContain((await console.ask(path)).status)
  })

  it('ends when its body does not come', async () => {
    const socket = connect(Number(new URL(console.url).port), '127.0.0.1')
    socket.write(
      'POST /api/retrain HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    )
    expect(await text(socket)).not.toContain('HTTP/1.1 2')
  }, 30_000)
})

describe('without a login', () => {
  it('treats every user of this machine as an operator', async () => {
    const { body } = await console.ask('/api/session')
    expect(body).toMatchObject({ role: 'operator', authentication: 'none' })
  })

  it('allows a page only resources of its own origin', async () => {
    const { headers } = await console.ask('/api/session')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('serves health and metrics', async () => {
    expect((await console.ask('/healthz')).status).toBe(200)
    const { body } = await console.ask('/readyz')
    expect(body.checks.console).toMatchObject({ postgres: { ok: true } })
    expect((await console.ask('/metrics')).body).toContain('outflow_console_requests_total')
  })
})
