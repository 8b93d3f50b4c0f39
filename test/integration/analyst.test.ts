import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ModelUnknown, migrate, openPool, withLeadership, withTransaction } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { promoteModel } from '@outflow/store/models'
import { claimOutboxOrder } from '@outflow/store/outbox'
import { minuteScores, nllBucketStart } from '@outflow/store/statistics'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { documentedQueries } from '../bench/queries/documented.js'
import { pool, url } from '../support/a-pool.js'
import { anAnomaly } from '../support/an-anomaly.js'
import { beginPartition } from '../support/begin-partition.js'
import { callOutflow } from '../support/call-outflow.js'
import { aConfigFile } from '../support/config-file.js'
import { aFolder, aName } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'
import { retain } from '../support/retain.js'

const NOW = Date.now()

const asAnalyst = <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> =>
  withClient(url, async (client) => {
    await client.query('set role outflow_analyst')
    return (await client.query<Row>(sql, values)).rows
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
  await writeBatch(pool, {
    pipeline,
    topic: 'flights',
    partition: 0,
    expectedOffset: 0n,
    nextOffset: BigInt(nll.length),
    received: nll.length,
    scored: nll.length,
    anomalies: times.map((time, index) =>
      anAnomaly(BigInt(index), { recordTimeMs: time, eventTimeMs: time, missing: ['delay'] }),
    ),
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
}

/** The SQL of the Grafana dashboard, as Grafana sends it for these pipelines, the last hour and steps of ten minutes. */
async function dashboardStatements(pipelines: readonly string[]): Promise<readonly string[]> {
  const dashboard = await readFile(new URL('../../infra/grafana/outflow.json', import.meta.url), 'utf8')
  const chosen = pipelines.map((name) => `'${name}'`).join()
  return [...dashboard.matchAll(/"rawSql": ("(?:[^"\\]|\\.)*")/g)].map(([, sql]) =>
    (JSON.parse(sql!) as string)
      .replaceAll(/\$__timeFilter\((\w+)\)/g, "$1 between now() - interval '1 hour' and now()")
      .replaceAll('$__interval_ms', '600000')
      .replaceAll('$pipeline', chosen),
  )
}

it('issue 20: the SQL of the Grafana dashboard runs with the role of analysts', async () => {
  const statements = await dashboardStatements(['flights'])
  expect(statements.length).toBeGreaterThan(3)
  for (const sql of statements) await asAnalyst(sql)
})

it('the dashboard computes percentiles once a step (it did for each minute, a minute long for 30 days)', async () => {
  const pipeline = aName('pipeline')
  await write(pipeline, [Date.now()])
  await pool.query(
    `insert into outflow.score_statistics
     select (jsonb_populate_record(score, jsonb_build_object('minute', minute - ago * interval '1 minute'))).*
     from outflow.score_statistics as score, generate_series(1, 55) as ago where pipeline = $1`,
    [pipeline],
  )
  const [statement] = (await dashboardStatements([pipeline])).filter((sql) => sql.includes('nll_p50'))
  const found = await asAnalyst<{ time: Date }>(statement!)
  expect(found.length).toBeGreaterThanOrEqual(5)
  expect(found.filter(({ time }) => time.getUTCMinutes() % 10 !== 0)).toEqual([])
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

it('model_fields reads each anomaly once (it did for each model that scored in the same time)', async () => {
  const pipeline = aName('pipeline')
  await write(
    pipeline,
    Array.from({ length: 300 }, (_, index) => NOW - index),
  )
  await pool.query(
    `insert into outflow.score_statistics
     select (jsonb_populate_record(score, jsonb_build_object('model_id', name))).*
     from outflow.score_statistics as score, unnest(array['n', 'o']) as other (name) where pipeline = $1`,
    [pipeline],
  )
  const plan = await withClient(url, async (client) => {
    await client.query('set role outflow_analyst; set enable_nestloop = off')
    const sql = `select * from analyst.model_fields where pipeline = '${pipeline}'`
    return (await client.query(`explain (analyze, format json) ${sql}`)).rows[0]['QUERY PLAN'][0].Plan
  })
  expect(plan['Actual Rows']).toBe(1)
  expect(anomaliesRead(plan)).toBe(300)
})

interface PlanNode {
  readonly 'Relation Name'?: string
  readonly 'Rows Removed by Filter'?: number
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly PlanNode[]
}

function anomaliesRead(node: PlanNode): number {
  const ofLoop = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  const own = node['Relation Name']?.startsWith('anomalies_') ? ofLoop * node['Actual Loops'] : 0
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

  const inBucket = 'gives percentiles of a minute to within a bucket of its histogram (not below −201 nats)'
  it.each([1, -10])(`${inBucket}: 10 to 30 nats times %d`, async (factor) => {
    const pipeline = aName('pipeline')
    const nll = Array.from({ length: 1_000 }, (_, index) => factor * (10 + index / 50)).sort((a, b) => a - b)
    await write(pipeline, [NOW], nll)
    const [minute] = await asAnalyst<Record<string, number>>(
      'select nll_p50, nll_p90, nll_p99, nll_p999, nll_min, nll_max from analyst.score_statistics where pipeline = $1',
      [pipeline],
    )
    const bucketShare = nllBucketStart(121) / nllBucketStart(120) - 1
    for (const [column, exact] of [
      ['nll_p50', nll[499]!],
      ['nll_p90', nll[899]!],
      ['nll_p99', nll[989]!],
      ['nll_p999', nll[998]!],
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
  it("creates tomorrow's partition in the next hour if a query of an analyst prevented it", async () => {
    const [{ tomorrow }] = (
      await pool.query<{ tomorrow: string }>(
        `select 'outflow.anomalies_' || to_char((now() at time zone 'utc')::date + 1, 'YYYYMMDD') as tomorrow`,
      )
    ).rows as [{ tomorrow: string }]
    const exists = async () => (await pool.query('select to_regclass($1) is not null as yes', [tomorrow])).rows[0].yes
    await pool.query(`drop table if exists ${tomorrow}`)
    const pipeline = aName('pipeline')
    // One pool, as in one process of ingest, which has not created a partition yet.
    const ingest = openPool(url)
    onTestFinished(() => ingest.end())
    const analyst = new pg.Client({ connectionString: url })
    await analyst.connect()
    await analyst.query('begin; select count(*) from analyst.anomalies')
    await retain(ingest, pipeline)
    expect(await exists()).toBe(false)

    await analyst.query('commit')
    await analyst.end()
    await retain(ingest, pipeline)
    expect(await exists()).toBe(true)
  })
})

describe('outflow export', () => {
  it('writes the anomalies of a range of time, and none outside it', async () => {
    const pipeline = aName('pipeline')
    const from = NOW - 2 * 3_600_000
    await write(pipeline, [from - 1, from, from + 1_000, NOW - 3_600_000])
    const config = await aConfigFile({ pipeline, postgres: { url } })
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
