import { AnomalyUnknown, openPool, type Queryable } from '@outflow/store'
import { countAnomalies, countVerdicts, giveVerdict, precisionOf, verdictsOn } from '@outflow/store/anomalies'
import { modelToTrim } from '@outflow/store/models'
import type pg from 'pg'
import { expect, it } from 'vitest'
import { pool, url } from '../support/a-pool.js'
import { aName } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'

/** Anomalies at offsets 1 to `count`, all with one detection time. */
async function aPipelineWithAnomalies(count: number): Promise<string> {
  const pipeline = aName('judged')
  await pool.query(
    `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, record, nll, p_value,
                                    p_upper, severity, reasons, model_id, detected_at)
     select $1, 'parcels', 0, n, $3::timestamptz - n * interval '1 s', $3::timestamptz, '{}', 40, 1e-6, 2e-6, 'high', '[{"field":"grams"}]', 'm', $3::timestamptz
     from generate_series(1, $2::int) as n`,
    [pipeline, count, '2026-03-04T12:00:00Z'],
  )
  return pipeline
}

const on = (pipeline: string, offset: bigint) => ({ pipeline, topic: 'parcels', partition: 0, offset })

it('stores every verdict on an anomaly, and the latest counts', async () => {
  const pipeline = await aPipelineWithAnomalies(1)
  const first = { verdict: 'false_alarm', note: 'a test', by: 'ada' } as const
  expect(await giveVerdict(pool, { ...on(pipeline, 1n), ...first })).toMatchObject(first)
  await giveVerdict(pool, { ...on(pipeline, 1n), verdict: 'expected', note: null, by: 'bob' })
  expect(await verdictsOn(pool, pipeline, on(pipeline, 1n))).toMatchObject([
    { verdict: 'expected', note: null, by: 'bob' },
    first,
  ])
  const { rows } = await pool.query(
    'select anomaly_id, verdict, counts, detected_at from analyst.verdicts where pipeline = $1 order by given_at',
    [pipeline],
  )
  expect(rows).toMatchObject([
    { anomaly_id: `${pipeline}/parcels/0/1`, verdict: 'false_alarm', counts: false },
    { verdict: 'expected', counts: true, detected_at: new Date('2026-03-04T12:00:00Z') },
  ])
})

it('rejects a verdict on a record that is not an anomaly', async () => {
  const pipeline = await aPipelineWithAnomalies(7)
  const given = { verdict: 'confirmed', note: null, by: 'ada' } as const
  await expect(giveVerdict(pool, { ...on(pipeline, 8n), ...given })).rejects.toBeInstanceOf(AnomalyUnknown)
})

it('finds the anomalies with a verdict by an index (a join could read all anomalies)', async () => {
  const pipeline = await aPipelineWithAnomalies(300)
  await giveVerdict(pool, { ...on(pipeline, 1n), verdict: 'confirmed', note: null, by: 'ada' })
  await withClient(url, async (client) => {
    // As the planner decides from thousands of verdicts on.
    await client.query('analyze outflow.anomalies; set enable_seqscan = off; set enable_nestloop = off')
    const explaining = {
      query: ({ text, values }: pg.QueryConfig) =>
        client.query(`explain (analyze, costs off, timing off) ${text}`, values),
    } as Queryable
    const counting = await countAnomalies(explaining, { pipeline, verdict: 'confirmed', stepSeconds: 60 })
    expect(anomaliesRead(counting)).toBe(1)
    expect(anomaliesRead(await precisionOf(explaining, pipeline))).toBe(1)
  })
})

it('finds the latest verdicts that the trainer needs by an index (each of its checks sorted all verdicts)', async () => {
  const explaining = {
    query: ({ text, values }: pg.QueryConfig) => pool.query(`explain (format json) ${text}`, values),
  } as Queryable
  const counting = await countVerdicts(explaining, { pipeline: 'parcels', modelId: 'm', since: new Date(0) })
  const trimming = await modelToTrim(explaining, { pipeline: 'parcels', quietMs: 0 })
  expect(JSON.stringify([counting, trimming])).not.toContain('WindowAgg')
})

/** Number of anomalies that the scans of an executed plan returned. */
function anomaliesRead(plan: readonly object[]): number {
  const lines = plan.flatMap((row) => Object.values(row)).map(String)
  const scans = lines.flatMap((line) => line.match(/ on anomalies_default .* rows=(\d+)/)?.[1] ?? [])
  return scans.reduce((sum, rows) => sum + Number(rows), 0)
}

it('measures precision by week, field, severity and model, with a confidence interval that contains it', async () => {
  const pipeline = await aPipelineWithAnomalies(10)
  const verdicts = ['confirmed', 'confirmed', 'confirmed', 'false_alarm', 'expected'] as const
  for (const [index, verdict] of verdicts.entries()) {
    await giveVerdict(pool, { ...on(pipeline, BigInt(index + 1)), verdict, note: null, by: 'ada' })
  }
  const { rows } = await pool.query('select * from analyst.precision where pipeline = $1 order by grouped_by', [
    pipeline,
  ])
  const all = { confirmed: '3', false_alarms: '1', expected: '1', judged: '5', precision: 0.6 }
  expect(rows).toMatchObject([
    { grouped_by: 'field', value: 'grams', ...all },
    { grouped_by: 'model', value: 'm', ...all },
    { grouped_by: 'severity', value: 'high', ...all },
    { grouped_by: 'week', value: '2026-03-02', ...all },
  ])

  const [z, n, p] = [1.96, 5, 0.6]
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n)
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))
  expect(rows[0].precision_lower).toBeCloseTo(middle - half, 6)
  expect(rows[0].precision_upper).toBeCloseTo(middle + half, 6)
})

it('counts the verdict on a calibration record that became an anomaly later also for its week', async () => {
  const pipeline = await aPipelineWithAnomalies(1)
  await giveVerdict(pool, { ...on(pipeline, 1n), verdict: 'confirmed', note: null, by: 'ada' })
  await pool.query('update outflow.verdicts set detected_at = null where pipeline = $1', [pipeline])
  const { rows } = await pool.query(
    'select grouped_by, value from analyst.precision where pipeline = $1 order by grouped_by',
    [pipeline],
  )
  expect(rows).toEqual([
    { grouped_by: 'field', value: 'grams' },
    { grouped_by: 'model', value: 'm' },
    { grouped_by: 'severity', value: 'high' },
    { grouped_by: 'week', value: '2026-03-02' },
  ])
})

it('writes the week in ISO form, also in a session with another DateStyle (it wrote 02/03/2026)', async () => {
  const pipeline = await aPipelineWithAnomalies(1)
  await giveVerdict(pool, { ...on(pipeline, 1n), verdict: 'confirmed', note: null, by: 'ada' })
  const { rows } = await withClient(url, async (client) => {
    await client.query(`set DateStyle = 'SQL, DMY'`)
    return client.query(`select value from analyst.precision where pipeline = $1 and grouped_by = 'week'`, [pipeline])
  })
  expect(rows).toEqual([{ value: '2026-03-02' }])
})

it('gives 0 as the lower limit of a precision of 0 (it was 1.9e-17)', async () => {
  const pipeline = await aPipelineWithAnomalies(3)
  for (const offset of [1n, 2n]) {
    await giveVerdict(pool, { ...on(pipeline, offset), verdict: 'false_alarm', note: null, by: 'ada' })
  }
  const { rows } = await pool.query('select distinct precision_lower from analyst.precision where pipeline = $1', [
    pipeline,
  ])
  expect(rows).toEqual([{ precision_lower: 0 }])
})

it('allows a reviewer to give verdicts in SQL in their own name, and an analyst only to read', async () => {
  const pipeline = await aPipelineWithAnomalies(1)
  const reviewer = aName('reviewer')
  await pool.query(`create role "${reviewer}" login password 'judge' in role outflow_analyst, outflow_reviewer`)
  const asReviewer = new URL(url)
  asReviewer.username = reviewer
  asReviewer.password = 'judge'
  const theirs = openPool(asReviewer.href, { max: 1 })
  try {
    const give = 'select outflow.give_verdict($1, $2, $3)'
    await theirs.query(give, [`${pipeline}/parcels/0/1`, 'expected', 'the stocktaking'])
    expect(await verdictsOn(pool, pipeline, on(pipeline, 1n))).toMatchObject([
      { verdict: 'expected', note: 'the stocktaking', by: reviewer },
    ])
    await expect(theirs.query(give, [`${pipeline}/parcels/0/2`, 'expected', null])).rejects.toThrow('is stored')
    await expect(theirs.query(give, ['nothing', 'expected', null])).rejects.toThrow('no anomaly nothing is stored')
    await expect(theirs.query(give, [`${pipeline}/parcels/0/1`, 'so so', null])).rejects.toThrow('not so so')
    for (const attempt of [
      'delete from outflow.verdicts',
      'select from outflow.anomalies',
      `select outflow.insert_verdict('${pipeline}', 'parcels', 0, 1, 'confirmed', null, 'somebody else')`,
    ]) {
      await expect(theirs.query(attempt)).rejects.toThrow('permission denied')
    }
    await pool.query(`revoke outflow_reviewer from "${reviewer}"`)
    await expect(theirs.query(give, [`${pipeline}/parcels/0/1`, 'expected', null])).rejects.toThrow('permission denied')
  } finally {
    await theirs.end()
    await pool.query(`drop role "${reviewer}"`)
  }
})
