import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ModelUnknown, migrate, openPool, StoreUnavailable, withLeadership, withTransaction } from '@outflow/store'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import { writeBatch } from '@outflow/store/batch'
import { promoteModel } from '@outflow/store/models'
import { claimOutboxOrder } from '@outflow/store/outbox'
import { applyRetention } from '@outflow/store/retention'
import { minuteScores, nllBucketStart } from '@outflow/store/statistics'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { documentedQueries } from '../bench/queries/documented.js'
import { pool, url } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import { callOutflow } from '../support/call-outflow.js'
import { aConfigFile } from '../support/config-file.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aFolder, aName } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'
import { spawnOutflow } from '../support/run-outflow.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const NOW = Date.now()
const DAY_MS = 86_400_000

const asAnalyst = <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> =>
  withClient(url, async (client) => {
    await client.query('set role outflow_analyst')
    return (await client.query<Row>(sql, values)).rows
  })

const anomalyAt = (offset: bigint, recordTimeMs: number, entityKey: string | null = 'LAX') => ({
  offset,
  recordTimeMs,
  eventTimeMs: recordTimeMs,
  entityKey,
  record: { origin: entityKey, distance: 3_983 },
  nll: 12.5,
  pValue: 0.0004,
  severity: 'high' as const,
  pUpper: 0.002,
  missing: ['delay'],
  modelId: 'm',
})

const REASONS = [
  {
    field: 'distance',
    bits: 9,
    observed: 3_983,
    expected: 2_475,
    range: null,
    text: 'distance 3,983 instead of 2,475',
  },
  { field: 'origin', bits: 1, observed: 'LAX', expected: 'SFO', range: null, text: 'origin LAX instead of SFO' },
]

/** Writes one batch: an anomaly at each of the times, and `nll` as the scores of the first time's minute. */
async function write(pipeline: string, times: readonly number[], nll: readonly number[] = times.map(() => 12.5)) {
  await beginPartition(pool, { pipeline, topic: 'flights' })
  const outcome = await writeBatch(pool, {
    pipeline,
    topic: 'flights',
    partition: 0,
    expectedOffset: 0n,
    nextOffset: BigInt(nll.length),
    received: nll.length,
    scored: nll.length,
    anomalies: times.map((time, index) => anomalyAt(BigInt(index), time)),
    deadLetters: [],
    outbox: [],
    scores: minuteScores(
      'm',
      nll.map(() => times[0]!),
      nll,
      nll.map((_, index) => (index < times.length ? 1 : 0)),
      nll.map(() => 0.5),
    ),
  })
  await pool.query('update outflow.anomalies set reasons = $2 where pipeline = $1', [pipeline, JSON.stringify(REASONS)])
  return outcome
}

const configOf = (pipeline: string, databaseUrl: string) =>
  aConfigFile({
    pipeline,
    postgres: { url: databaseUrl },
    features: [{ path: '$.distance', type: 'numeric' }],
  })

/** The SQL of the Grafana dashboard, as Grafana sends it for these pipelines and the last hour. */
async function dashboardStatements(pipelines: readonly string[]): Promise<readonly string[]> {
  const dashboard = await readFile(new URL('../../infra/grafana/outflow.json', import.meta.url), 'utf8')
  const chosen = pipelines.map((name) => `'${name}'`).join()
  return [...dashboard.matchAll(/"rawSql": ("(?:[^"\\]|\\.)*")/g)].map(([, sql]) =>
    (JSON.parse(sql!) as string)
      .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 between now() - interval '1 hour' and now()")
      .replaceAll('$pipeline', chosen),
  )
}

it('issue 20: the SQL of the Grafana dashboard runs with the role of analysts', async () => {
  const statements = await dashboardStatements(['flights'])
  expect(statements.length).toBeGreaterThan(3)
  for (const sql of statements) await asAnalyst(sql)
})

it('the dashboard reads only the latest anomalies of each pipeline (it read all of the time range)', async () => {
  const pipelines = [aName('pipeline'), aName('pipeline')]
  for (const pipeline of pipelines) {
    await write(
      pipeline,
      Array.from({ length: 300 }, (_, index) => NOW - index),
    )
  }
  const [statement] = (await dashboardStatements(pipelines)).filter((sql) => sql.includes('analyst.anomalies'))
  const found = await asAnalyst<{ pipeline: string }>(statement!)
  expect(pipelines.map((own) => found.filter(({ pipeline }) => pipeline === own).length)).toEqual([50, 50])
  const plan = await withClient(url, async (client) => {
    // In a table as small as this one Postgres reads all rows.
    await client.query('set role outflow_analyst; set enable_seqscan = off; set enable_bitmapscan = off')
    return (await client.query(`explain (analyze, format json) ${statement}`)).rows[0]['QUERY PLAN'][0].Plan
  })
  expect(anomaliesRead(plan)).toBeLessThanOrEqual(2 * 100 + 2)
})

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly PlanNode[]
}

function anomaliesRead(node: PlanNode): number {
  const own = node['Relation Name']?.startsWith('anomalies_') ? node['Actual Rows'] * node['Actual Loops'] : 0
  return (node.Plans ?? []).reduce((sum, child) => sum + anomaliesRead(child), own)
}

describe('the schema analyst', () => {
  it('answers the ten documented queries', async () => {
    const queries = documentedQueries()
    expect(queries).toHaveLength(10)
    for (const { title, sql } of queries) await expect(asAnalyst(sql), title).resolves.toBeInstanceOf(Array)
  })

  it('has a comment for every column of its views', async () => {
    const silent = await asAnalyst<{ column: string }>(
      `select relname || '.' || attname as column
       from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0
       where relnamespace = 'analyst'::regnamespace and col_description(attrelid, attnum) is null`,
    )
    expect(silent).toEqual([])
  })

  it("issue 17.13: comments keep their apostrophes, as in Kafka's", async () => {
    const comments = await asAnalyst<{ description: string }>(
      `select description from pg_description join pg_class on pg_class.oid = objoid
       where relnamespace in ('analyst'::regnamespace, 'outflow'::regnamespace)`,
    )
    const texts = comments.map(({ description }) => description)
    expect(texts.filter((text) => /Kafka's|Postgres's|record's/.test(text)).length).toBeGreaterThan(5)
    expect(texts.filter((text) => /\b(Kafkas|Postgress|outflows|records own)\b/.test(text))).toEqual([])
  })

  it('unnests reasons, lists missing fields and aggregates by entity', async () => {
    const pipeline = aName('pipeline')
    await write(pipeline, [NOW, NOW + 1])
    expect(
      await asAnalyst(
        'select rank, field, observed, entity_key from analyst.anomaly_reasons where pipeline = $1 and "offset" = 1',
        [pipeline],
      ),
    ).toEqual([
      { rank: '1', field: 'distance', observed: '3983', entity_key: 'LAX' },
      { rank: '2', field: 'origin', observed: 'LAX', entity_key: 'LAX' },
    ])
    expect(await asAnalyst('select missing from analyst.anomalies where pipeline = $1 limit 1', [pipeline])).toEqual([
      { missing: ['delay'] },
    ])
    expect(
      await asAnalyst('select entity_key, anomalies, high, nll_max from analyst.entities where pipeline = $1', [
        pipeline,
      ]),
    ).toEqual([{ entity_key: 'LAX', anomalies: '2', high: '2', nll_max: 12.5 }])
  })

  it('gives percentiles of a minute to within a bucket of its histogram', async () => {
    const pipeline = aName('pipeline')
    const nll = Array.from({ length: 1_000 }, (_, index) => 10 + index / 50) // 10 to 30 nats, evenly
    await write(pipeline, [NOW], nll)
    const [minute] = await asAnalyst<Record<string, number>>(
      'select nll_p50, nll_p90, nll_p99, nll_p999, nll_min, nll_max from analyst.score_statistics where pipeline = $1',
      [pipeline],
    )
    const bucketShare = nllBucketStart(121) / nllBucketStart(120) - 1
    for (const [column, exact] of [
      ['nll_p50', 20],
      ['nll_p90', 28],
      ['nll_p99', 29.8],
      ['nll_p999', 29.98],
    ] as const) {
      expect(Math.abs(minute![column]! / exact - 1), column).toBeLessThan(bucketShare)
    }
    expect(minute!.nll_p999).toBeLessThanOrEqual(minute!.nll_max!)
  })
})

describe('issue 17.27: an analyst who takes locks', () => {
  it('blocks neither leadership, promotion, numbering of alerts, creation of partitions nor migrations', async () => {
    const analyst = new pg.Client({ connectionString: url })
    await analyst.connect()
    await analyst.query('set role outflow_analyst')
    for (const name of [
      'outflow-relay-p',
      'outflow.outbox_order.p',
      'outflow.promote p',
      'outflow.anomaly_partitions',
      'outflow.migrate',
    ]) {
      await analyst.query('select pg_advisory_lock(hashtextextended($1, 0))', [name])
    }
    for (const table of ['leaderships', 'outbox_sequences', 'models', 'database_identity', 'migrations']) {
      await expect(analyst.query(`select from outflow.${table} for update`)).rejects.toThrow('permission denied')
    }

    const stop = AbortSignal.timeout(10_000)
    expect(await withLeadership(pool, 'outflow-relay-p', async () => 'led', { signal: stop })).toBe('led')
    expect(await withTransaction(pool, (client) => claimOutboxOrder(client, 'p'))).toBeInstanceOf(Date)
    await expect(promoteModel(pool, { pipeline: 'p', id: 'none', by: 'test', why: '' })).rejects.toBeInstanceOf(
      ModelUnknown,
    )
    await pool.query(`select outflow.ensure_anomaly_partitions(array[current_date - 5])`)
    const { rows } = await pool.query(
      `select to_regclass('outflow.anomalies_' || to_char(current_date - 5, 'YYYYMMDD')) is not null as made`,
    )
    expect(rows).toEqual([{ made: true }])
    expect(await migrate(url)).toEqual([])
    await analyst.end()
  })
})

describe('retention', () => {
  it('waits for a running query without blocking the stream, and drops the day later', async () => {
    const pipeline = aName('pipeline')
    const days = [40, 41].map((ago) => NOW - ago * DAY_MS)
    await write(pipeline, days)
    const retention = { pipeline, anomaliesMs: 10 * DAY_MS, statisticsMs: DAY_MS }
    const analyst = new pg.Client({ connectionString: url })
    await analyst.connect()
    await analyst.query('begin; select count(*) from analyst.anomalies')

    const dropping = applyRetention(pool, retention)
    const stream = await Promise.all([
      write(aName('pipeline'), [NOW]),
      expect(dropping).rejects.toThrow(StoreUnavailable),
    ])
    expect(stream[0]).toBe('written')
    expect(await leastLikelyAnomalies(pool, { pipeline, limit: 9 })).toHaveLength(2)

    await analyst.query('commit')
    await analyst.end()
    const names = days.map((ms) => `anomalies_${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`)
    expect((await applyRetention(pool, retention)).dropped).toEqual(names.toSorted())
    expect(await leastLikelyAnomalies(pool, { pipeline, limit: 9 })).toEqual([])
  })

  it("creates tomorrow's partition in the next hour if a query of an analyst prevented it", async () => {
    const [{ tomorrow }] = (
      await pool.query<{ tomorrow: string }>(
        `select 'outflow.anomalies_' || to_char((now() at time zone 'utc')::date + 1, 'YYYYMMDD') as tomorrow`,
      )
    ).rows as [{ tomorrow: string }]
    const exists = async () => (await pool.query('select to_regclass($1) is not null as yes', [tomorrow])).rows[0].yes
    await pool.query(`drop table if exists ${tomorrow}`)
    const retention = { pipeline: aName('pipeline'), anomaliesMs: 90 * DAY_MS, statisticsMs: DAY_MS }
    // One pool, as in one process of ingest, which has not created a partition yet.
    const ingest = openPool(url)
    onTestFinished(() => ingest.end())
    const analyst = new pg.Client({ connectionString: url })
    await analyst.connect()
    await analyst.query('begin; select count(*) from analyst.anomalies')
    await applyRetention(ingest, retention)
    expect(await exists()).toBe(false)

    await analyst.query('commit')
    await analyst.end()
    await applyRetention(ingest, retention)
    expect(await exists()).toBe(true)
  })
})

describe('outflow export', () => {
  it('writes the anomalies of a range of time, and none outside it', async () => {
    const pipeline = aName('pipeline')
    const from = NOW - 2 * 3_600_000
    await write(pipeline, [from - 1, from, from + 1_000, NOW - 3_600_000])
    const config = await configOf(pipeline, url)
    const output = join(await aFolder(), 'range.csv')
    const range = ['--from', new Date(from).toISOString(), '--to', new Date(NOW - 3_600_000).toISOString()]
    const ran = await callOutflow(['export', ...range, '--config', config, '--output', output, '--json'])
    expect(ran.code, ran.stderr).toBe(0)
    expect(JSON.parse(ran.stdout)).toMatchObject({ pipeline, format: 'csv', count: 2 })
    const lines = (await readFile(output, 'utf8')).trim().split('\n')
    const { fields } = await pool.query('select * from analyst.anomalies limit 0')
    expect(lines[0]!.split(',').toSorted()).toEqual(fields.map(({ name }) => name).toSorted())
    expect(lines.slice(1).map((line) => line.split(',')[2])).toEqual([
      `${pipeline}/flights/0/1`,
      `${pipeline}/flights/0/2`,
    ])
  })
})

describe('a login by `outflow analyst create`', () => {
  let login: string
  let password: string
  beforeAll(async () => {
    login = aName('reader').replaceAll('-', '_')
    const { stdout: sql } = await callOutflow(['analyst', 'create', login])
    password = /password '([^']+)'/.exec(sql)![1]!
    await pool.query(sql)
  })
  afterAll(() => pool.query(`drop role ${login}`))
  const urlOfAnalyst = () => Object.assign(new URL(url), { username: login, password }).href
  const configOfAnalyst = (pipeline: string) => configOf(pipeline, urlOfAnalyst())

  it('lists the stored ones, newest first, by a login that has only the role of an analyst', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 8 })
    const config = await configOfAnalyst(pipeline)
    const listed = await callOutflow(['anomalies', '--config', config, '--since', '1h'])
    expect(listed.stderr).toBe('')
    const lines = listed.stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(8)
    expect(lines[0]).toMatch(
      new RegExp(
        `Z {2}low {5}1 in 1,000 +${pipeline}/flights/0/0 {2}airport-0 {2}delay is odd \\(delay 82 %, origin 18 %\\)$`,
      ),
    )
    const newest = await callOutflow(['anomalies', '--config', config, '--limit', '7'])
    expect(newest.stdout.trimEnd().split('\n')).toEqual(lines.slice(0, 7))
    expect(newest.stderr).toContain('these are the newest 7')
    const selected = await callOutflow([
      'anomalies',
      '-c',
      config,
      '--key',
      'airport-5',
      '--field',
      'distance',
      '--json',
    ])
    expect(JSON.parse(selected.stdout)).toMatchObject({
      id: `${pipeline}/flights/2/5`,
      reasons: [{ bits: 14 }, { bits: 2 }],
    })
    const none = await callOutflow(['anomalies', '-c', config, '--field', 'distance', '--key', 'airport-0'])
    expect(none.stdout).toBe('no anomaly\n')
    expect(await callOutflow(['anomalies', '-c', config, '--field', 'nope'])).toEqual({
      ...{ code: 2, stdout: '', stderr: 'outflow: no feature is called nope; known: distance\n' },
    })
  })

  it('does not change a role that has the name already', async () => {
    const role = aName('role')
    await pool.query(`create role "${role}"`)
    const { stdout: sql } = await callOutflow(['analyst', 'create', role])
    // psql continues after a failed statement.
    await withClient(url, async (client) => {
      for (const statement of sql.trim().split('\n')) await client.query(statement).catch(() => {})
    })
    const { rows } = await pool.query('select rolcanlogin, rolconfig from pg_roles where rolname = $1', [role])
    await pool.query(`drop role "${role}"`)
    expect(rows).toEqual([{ rolcanlogin: false, rolconfig: null }])
  })

  it('finds the views without their schema', async () => {
    const { rows } = await withClient(urlOfAnalyst(), (client) => client.query('select * from anomalies limit 1'))
    expect(Object.keys(rows[0]).slice(0, 8)).toEqual([
      ...['event_time', 'record_time', 'id', 'entity_key', 'severity', 'why', 'main_field', 'verdict'],
    ])
  })

  it('explains, exports and lists models, and gives verdicts in its own name only', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 3 })
    const config = await configOfAnalyst(pipeline)
    const outflow = async (...words: readonly string[]) => {
      const ran = await callOutflow([...words, '--config', config])
      expect(ran.code, ran.stderr).toBe(0)
      return ran.stdout
    }
    const id = `${pipeline}/flights/1/1`
    expect(await outflow('explain', '--anomaly', id)).toContain('distance is odd')
    await pool.query('update outflow.anomalies set recalibration_id = 7 where pipeline = $1', [pipeline])
    expect(JSON.parse(await outflow('explain', '--anomaly', id, '--json'))).toMatchObject({ id, recalibrationId: '7' })
    expect(await outflow('verdicts', 'expected', '--anomaly', id)).toContain(`by ${login}`)
    const named = await callOutflow(['verdicts', 'expected', '--anomaly', id, '--by', 'ada', '--config', config])
    expect(named.code).toBe(2)
    const output = join(await aFolder(), 'all.csv')
    await outflow('export', '--from', '1h', '--output', output)
    const line = (await readFile(output, 'utf8')).split('\n').find((text) => text.includes(id))
    expect(line).toContain(',expected,')
    const other = await callOutflow([
      ...['export', '--from', '1h', '--pipeline', 'nope', '--output', output, '--config', config],
    ])
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/^outflow: no pipeline is called nope; /) })
    expect(await readFile(output, 'utf8')).toContain(id)
    expect(await outflow('models', 'list')).toContain('no model yet')
  })

  it('prints the address of a stored one only, and of any while the database is unavailable', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 1 })
    const config = await configOfAnalyst(pipeline)
    const stored = `${pipeline}/flights/0/0`
    const address = (id: string) => `http://127.0.0.1:9404/anomalies/${encodeURIComponent(id)}\n`
    expect(await callOutflow(['open', stored, '-c', config])).toMatchObject({ code: 0, stdout: address(stored) })
    const other = `${pipeline}/flights/0/9`
    expect(await callOutflow(['open', other, '-c', config])).toMatchObject({
      ...{ code: 2, stdout: '', stderr: expect.stringMatching(`^outflow: no anomaly ${other} is stored; `) },
    })
    const unavailable = await configOf(pipeline, 'postgres://127.0.0.1:1/outflow')
    expect(await callOutflow(['open', other, '-c', unavailable])).toMatchObject({ code: 0, stdout: address(other) })
  })

  it('with --follow prints new ones when they have reasons, newest last, each once', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 2 })
    const { ids } = await whileFollowing(await configOfAnalyst(pipeline), [], async ({ ids }) => {
      await eventually(() => ids.length === 2, { what: 'the stored ones are printed' })
      await storeAnomalies(pool, { pipeline, count: 1, firstOffset: 7 })
      await eventually(() => ids.length === 3, { what: 'the new one is printed' })
    })
    expect(ids).toEqual(['1', '0', '7'])
  })

  it('with --follow and --limit prints the newest ones, and then all new ones (a burst beyond the limit was lost)', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 3 })
    const { ids } = await whileFollowing(await configOfAnalyst(pipeline), ['--limit', '2'], async ({ ids }) => {
      await eventually(() => ids.length === 2, { what: 'the newest ones are printed' })
      await storeAnomalies(pool, { pipeline, count: 4, firstOffset: 7 })
      await eventually(() => ids.length === 6, { what: 'the burst is printed' })
    })
    expect(ids).toHaveLength(6)
  })

  it('with --follow waits while Postgres is unavailable, and misses none found during a pause', async () => {
    const pipeline = aName('pipeline')
    await storeAnomalies(pool, { pipeline, count: 1 })
    const AGE = `update outflow.anomalies set detected_at = detected_at - $2::interval where pipeline = $1 and "offset" = $3`
    await pool.query(AGE, [pipeline, '10 min', 0])
    let isDown = false
    const cutUrl = await aCutPostgres(urlOfAnalyst(), () => isDown)
    const { ids, complaints } = await whileFollowing(await configOf(pipeline, cutUrl), [], async (printed) => {
      await eventually(() => printed.ids.length === 1, { what: 'the stored one is printed' })
      isDown = true
      await eventually(() => printed.complaints.length > 0, { what: 'the interruption is reported' })
      await withTransaction(pool, async (client) => {
        await storeAnomalies(client, { pipeline, count: 1, firstOffset: 7 })
        await client.query(AGE, [pipeline, '5 min', 7])
      })
      isDown = false
      await eventually(() => printed.ids.length === 2, { what: 'the one of the pause is printed' })
    })
    expect(ids).toEqual(['0', '7'])
    expect(complaints).toEqual([expect.stringMatching(/^Postgres is not available: /)])
  })
})

/** What `outflow anomalies --follow` prints: the offsets of anomalies, and lines on stderr. */
interface Printed {
  readonly ids: readonly string[]
  readonly complaints: readonly string[]
}

/** Runs `outflow anomalies --follow` while `act` runs, and ends it by Ctrl-C. */
async function whileFollowing(
  config: string,
  options: readonly string[],
  act: (printed: Printed) => Promise<void>,
): Promise<Printed> {
  const following = spawnOutflow(['anomalies', '--config', config, '--follow', '--json', ...options])
  const ids: string[] = []
  const complaints: string[] = []
  createInterface(following.stdout).on('line', (line) => ids.push(JSON.parse(line).offset))
  createInterface(following.stderr).on('line', (line) => complaints.push(line))
  try {
    await act({ ids, complaints })
  } finally {
    following.kill('SIGINT')
  }
  expect(await once(following, 'close')).toEqual([0, null])
  return { ids, complaints }
}
