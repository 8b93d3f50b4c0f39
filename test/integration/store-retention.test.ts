import { withTransaction } from '@outflow/store'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import { partitionCounters, writeBatch } from '@outflow/store/batch'
import { insertModel, listModels, noteRecalibration, promoteModel, rollBackModel } from '@outflow/store/models'
import { describe, expect, it, onTestFinished } from 'vitest'
import { pool } from '../support/a-pool.js'
import { eventually } from '../support/eventually.js'
import { heldBy, lockWaits } from '../support/lock-waits.js'
import { NEVER } from '../support/never.js'
import { aModel } from '../support/reports.js'
import { DAY_MS, retain } from '../support/retain.js'
import { aBatch, aPipeline, NOW, TOPIC } from '../support/stored-batches.js'

/** Makes statements fail that delete more than 10,000 rows of a table. */
const limitDeletes = (table: string) =>
  pool.query(`
    create or replace function outflow.limit_deletes() returns trigger language plpgsql as $$
    begin
      if (select count(*) from gone) > 10000 then raise 'more than 10,000 rows in a statement'; end if;
      return null;
    end
    $$;
    create trigger limit_deletes after delete on outflow.${table}
      referencing old table as gone for each statement execute function outflow.limit_deletes()`)

describe('retention', () => {
  it('drops whole days, keeps those of other pipelines, and clears the default partition by age of detection', async () => {
    const [mine, other] = [await aPipeline(), await aPipeline()]
    await writeBatch(pool, aBatch(mine, 0n, 3n, 1, NOW - 20 * DAY_MS))
    await writeBatch(pool, aBatch(mine, 3n, 6n, 1, NOW - 21 * DAY_MS))
    await writeBatch(pool, aBatch(mine, 6n, 9n, 1, 0))
    await writeBatch(pool, aBatch(other, 0n, 3n, 1, NOW - 21 * DAY_MS))
    const { cleared, behindMs } = await retain(pool, mine)
    expect(behindMs).toBe(0)
    const partitionOf = (days: number) =>
      `anomalies_${new Date(NOW - days * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`
    expect(cleared).toEqual([partitionOf(21), partitionOf(20)])
    const { rows } = await pool.query('select to_regclass($1) is null as dropped', [`outflow.${partitionOf(20)}`])
    expect(rows).toEqual([{ dropped: true }])
    expect((await leastLikelyAnomalies(pool, { pipeline: mine, limit: 9 })).map(({ offset }) => offset)).toEqual([8n])
    expect(await leastLikelyAnomalies(pool, { pipeline: other, limit: 9 })).toHaveLength(1)
    await pool.query(
      `update outflow.anomalies set detected_at = detected_at - interval '11 days' where pipeline = $1`,
      [mine],
    )
    await retain(pool, mine)
    expect(await leastLikelyAnomalies(pool, { pipeline: mine, limit: 9 })).toEqual([])
    expect(await partitionCounters(pool, mine)).toMatchObject([{ anomalies: 3 }])
  })

  it('deletes anomalies whose statistics are kept without lowering the rate of their model (it was halved)', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    await writeBatch(pool, aBatch(pipeline, 3n, 6n, 1, NOW - 25 * DAY_MS))
    await retain(pool, pipeline, { statisticsMs: 30 * DAY_MS })

    const { rows } = await pool.query(
      'select anomalies, scored, per_million from analyst.model_fields where pipeline = $1',
      [pipeline],
    )
    expect(rows).toEqual([{ anomalies: '1', scored: 4, per_million: 500_000 }])
  })

  it('keeps an anomaly that another pipeline inserts into a day while the day is dropped', async () => {
    const [mine, other] = [await aPipeline(), await aPipeline()]
    await writeBatch(pool, aBatch(mine, 0n, 3n, 1, NOW - 30 * DAY_MS))
    const commit = await heldBy(
      pool,
      `insert into outflow.anomalies
         (pipeline, topic, partition, "offset", record_time, event_time, record, nll, p_value, p_upper, severity, model_id)
       select $2, topic, partition, "offset", record_time, event_time, record, nll, p_value, p_upper, severity, model_id
       from outflow.anomalies where pipeline = $1`,
      [mine, other],
    )

    const applied = retain(pool, mine)
    await eventually(async () => (await lockWaits(pool, 'drop_anomalies_before')) === 1, {
      what: 'retention waits for the transaction',
    })
    await commit()

    expect(await applied).toMatchObject({ cleared: [] })
    expect(await leastLikelyAnomalies(pool, { pipeline: other, limit: 9 })).toHaveLength(1)
  })

  it('names the session that keeps a day from being dropped, deletes the other rows, and blocks no stream (it deleted none, and named none)', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 1, NOW - 35 * DAY_MS))
    await pool.query(
      `update outflow.score_statistics set updated_at = now() - interval '30 days' where pipeline = $1`,
      [pipeline],
    )
    const notebook = await pool.connect()
    onTestFinished(() => notebook.release())
    await notebook.query('begin')
    const { rows } = await notebook.query<{ pid: number; role: string }>(
      'select pg_backend_pid() as pid, current_user as role from analyst.anomalies',
    )
    const { pid, role } = rows[0]!

    const refused = expect(retain(pool, pipeline)).rejects.toMatchObject({
      retryable: true,
      message: expect.stringMatching(
        new RegExp(
          `granted no lock: session ${pid} of ${role} has locked outflow.anomalies in a transaction since 20.*Z; .*pg_terminate_backend\\(${pid}\\)`,
        ),
      ),
    })
    expect(await writeBatch(pool, aBatch(await aPipeline(), 0n, 3n))).toBe('written')
    await refused
    expect(await leastLikelyAnomalies(pool, { pipeline, limit: 9 })).toHaveLength(1)
    const statistics = await pool.query('select from outflow.score_statistics where pipeline = $1', [pipeline])
    expect(statistics.rowCount).toBe(0)

    await notebook.query('commit')
    expect((await retain(pool, pipeline)).cleared).toHaveLength(1)
  })

  it('names no session if another retention keeps a day from being dropped (it named any that used the anomalies)', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 1, NOW - 36 * DAY_MS))
    await heldBy(pool, 'select from outflow.database_identity for update')
    await heldBy(pool, 'select from outflow.anomalies')
    await expect(retain(pool, pipeline)).rejects.toThrow(
      'Postgres granted no lock: another process creates or drops partitions of outflow.anomalies',
    )
  })

  it('deletes models that scored no kept anomaly, except the active one and the one to roll back to', async () => {
    const pipeline = await aPipeline()
    const promote = (id: string) => promoteModel(pool, { pipeline, id, by: 'trainer', why: 'passed its gate' })
    const changedDaysAgo = (days: number) =>
      pool.query(
        `update outflow.model_changes set made_at = now() - make_interval(days => $2)
         where id = (select max(id) from outflow.model_changes where pipeline = $1)`,
        [pipeline, days],
      )
    for (const id of ['first', 'second', 'third', 'failed', 'recent']) await insertModel(pool, aModel(pipeline, id))
    await promote('first')
    await changedDaysAgo(40)
    await promote('second')
    await changedDaysAgo(30)
    await promote('third')
    await changedDaysAgo(20)
    await pool.query(
      `update outflow.models set created_at = now() - interval '50 days' where pipeline = $1 and id <> 'recent'`,
      [pipeline],
    )
    const left = async () => (await listModels(pool, pipeline)).map(({ id }) => id).sort()

    await retain(pool, pipeline, { anomaliesMs: 60 * DAY_MS })
    expect(await left()).toEqual(['failed', 'first', 'recent', 'second', 'third'])
    await retain(pool, pipeline, { anomaliesMs: 35 * DAY_MS })
    expect(await left()).toEqual(['first', 'recent', 'second', 'third'])
    await retain(pool, pipeline)
    expect(await left()).toEqual(['recent', 'second', 'third'])
    expect(await rollBackModel(pool, { pipeline, by: 'ada', why: 'too many alerts' })).toMatchObject({ to: 'second' })
  })

  it('keeps a model as long as its anomalies may be kept, by whole UTC days (it was deleted up to a day earlier)', async () => {
    const pipeline = await aPipeline()
    for (const id of ['0', '1']) await insertModel(pool, aModel(pipeline, id))
    await pool.query(
      `update outflow.models
       set created_at = date_trunc('day', now() - interval '10 days', 'utc') - id::integer * interval '1 second'
       where pipeline = $1`,
      [pipeline],
    )
    await retain(pool, pipeline)
    expect((await listModels(pool, pipeline)).map(({ id }) => id)).toEqual(['0'])
  })

  it('keeps the recalibration of kept anomalies, which a newer one has replaced since (it was deleted by its own age)', async () => {
    const pipeline = await aPipeline()
    const recalibration = { at: [0.5], shift: [0] }
    for (const days of [110, 100, 10]) {
      await noteRecalibration(pool, { pipeline, modelId: 'a', recalibration, factor: days, until: new Date(NOW) })
      await pool.query(
        `update outflow.recalibrations set made_at = now() - factor * interval '1 day'
         where id = (select max(id) from outflow.recalibrations where pipeline = $1)`,
        [pipeline],
      )
    }
    await retain(pool, pipeline, { anomaliesMs: 90 * DAY_MS })
    const { rows } = await pool.query('select factor from outflow.recalibrations where pipeline = $1 order by id', [
      pipeline,
    ])
    expect(rows).toEqual([{ factor: 100 }, { factor: 10 }])
  })

  it('keeps why an alert was not sent as long as its anomaly (it was deleted up to a day earlier)', async () => {
    const pipeline = await aPipeline()
    await pool.query(
      `insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because, decided_at)
       select $1, 'orders', 0, seconds, 'cooldown',
              date_trunc('day', now() - interval '10 days', 'utc') - seconds * interval '1 second'
       from generate_series(0, 1) as seconds`,
      [pipeline],
    )
    await retain(pool, pipeline)
    const { rows } = await pool.query('select "offset" from outflow.unsent_alerts where pipeline = $1', [pipeline])
    expect(rows).toEqual([{ offset: '0' }])
  })

  it.each([
    {
      table: 'dead_letters',
      time: 'rejected_at',
      columns: 'topic, partition, "offset", reason, detail, record_time',
      values: `'${TOPIC}', 0, number, 'invalid_json', 'broken', now()`,
    },
    {
      table: 'score_statistics',
      time: 'updated_at',
      columns: 'minute, model_id, scored, anomalies, nll_min, nll_max, nll_sum, histogram, p_histogram',
      values: `to_timestamp(60 * number), 'm', 1, 0, 1, 1, 1, '{1}', '{1}'`,
    },
    {
      table: 'window_states',
      time: 'updated_at',
      columns: 'topic, partition, entity_by, entity, state',
      values: `'${TOPIC}', 0, 'key', number, ''`,
    },
    {
      table: 'shadow_differences',
      time: 'noted_at',
      columns: `topic, partition, "offset", shadow_id, model_id, anomaly_by, record_time, event_time, record, nll, p_value,
                shadow_nll, shadow_p_value`,
      values: `'${TOPIC}', 0, number, 's', 'm', 'shadow', now(), now(), '{}', 1, 1, 1, 1`,
    },
  ])(
    'deletes as many rows of $table as are old, 10,000 in a statement (millions took longer than its timeout)',
    async ({ table, time, columns, values }) => {
      const pipeline = await aPipeline()
      await limitDeletes(table)
      await pool.query(
        `insert into outflow.${table} (pipeline, ${columns}, ${time})
       select $1, ${values}, now() - (number > 1)::integer * interval '20 days' from generate_series(1, 20001) as number`,
        [pipeline],
      )
      await retain(pool, pipeline)
      const { rows } = await pool.query(
        `select ${time} > now() - interval '1 day' as "isNew" from outflow.${table} where pipeline = $1`,
        [pipeline],
      )
      expect(rows).toEqual([{ isNew: true }])
    },
  )

  it('neither deletes nor waits for a minute to which ingest adds records at the same time (it could delete them)', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const set = (values: string) => `update outflow.score_statistics set ${values} where pipeline = '${pipeline}'`
    await pool.query(set(`updated_at = now() - interval '20 days'`))
    await withTransaction(pool, async (client) => {
      await client.query(set('scored = 7, updated_at = now()'))
      await retain(pool, pipeline)
    })
    const { rows } = await pool.query('select scored from outflow.score_statistics where pipeline = $1', [pipeline])
    expect(rows).toEqual([{ scored: '7' }])
  })

  it('deletes as many anomalies of the default partition, or of a day with other pipelines, as there are, 10,000 in a statement (they were one statement)', async () => {
    const [pipeline, other] = [await aPipeline(), await aPipeline()]
    await writeBatch(pool, aBatch(other, 0n, 3n, 1, NOW - 52 * DAY_MS))
    const shared = `anomalies_${new Date(NOW - 52 * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`
    for (const [table, recordTime] of [
      ['anomalies_default', 'epoch'],
      [shared, new Date(NOW - 52 * DAY_MS)],
    ] as const) {
      await limitDeletes(table)
      await pool.query(
        `insert into outflow.anomalies
           (pipeline, topic, partition, "offset", record_time, event_time, record, nll, p_value, p_upper, severity, model_id, detected_at)
         select $1, $2, 0, number, $3, now(), '{}', 1, 0, 0, 'low', 'm', now() - (number > 1)::integer * interval '20 days'
         from generate_series(1, 20001) as number`,
        [pipeline, TOPIC, recordTime],
      )
    }
    const { cleared } = await retain(pool, pipeline)
    expect(cleared).toEqual([shared, 'anomalies_default'])
    const { rows } = await pool.query('select "offset" from outflow.anomalies where pipeline = $1', [pipeline])
    expect(rows).toEqual([{ offset: '1' }])
  })

  it('clears one day in a statement, also if other pipelines have rows of it (all old days were one statement)', async () => {
    const [mine, other] = [await aPipeline(), await aPipeline()]
    for (const pipeline of [mine, other]) {
      await writeBatch(pool, aBatch(pipeline, 0n, 3n, 1, NOW - 50 * DAY_MS))
      await writeBatch(pool, aBatch(pipeline, 3n, 6n, 1, NOW - 51 * DAY_MS))
    }
    const cleared = await pool.query(`select outflow.drop_anomalies_before($1, now() - interval '10 days')`, [mine])
    expect(cleared.rowCount).toBe(1)
    expect(await leastLikelyAnomalies(pool, { pipeline: mine, limit: 9 })).toHaveLength(1)
    expect(await leastLikelyAnomalies(pool, { pipeline: other, limit: 9 })).toHaveLength(2)
  })

  it('ends after the round in which the signal aborts, without an error (it deleted all rows, and the shutdown overran)', async () => {
    const pipeline = await aPipeline()
    await pool.query(
      `insert into outflow.dead_letters (pipeline, topic, partition, "offset", reason, detail, record_time, rejected_at)
       select $1, 'orders', 0, number, 'invalid_json', 'broken', now(), now() - interval '20 days'
       from generate_series(1, 20001) as number`,
      [pipeline],
    )
    let reads = 0
    const stopping = new Proxy(NEVER, { get: () => reads++ > 0 })
    await retain(pool, pipeline, { signal: stopping })
    const { rowCount } = await pool.query('select from outflow.dead_letters where pipeline = $1', [pipeline])
    expect(rowCount).toBe(10_001)
  })

  it('issue 17.23: when the clock jumps ahead, retention removes one day of data per hour, however often it runs', async () => {
    const pipeline = await aPipeline()
    const retention = { anomaliesMs: 90 * DAY_MS, statisticsMs: 30 * DAY_MS }
    // By a clock that is 200 days ahead, the last run and all rows are 200 days old.
    const then = NOW - 200 * DAY_MS
    for (let day = 0; day < 3; day++) {
      const from = BigInt(3 * day)
      await writeBatch(pool, aBatch(pipeline, from, from + 3n, 1, then - (88 + day) * DAY_MS - 1))
    }
    await pool.query(
      `update outflow.score_statistics set updated_at = now() - interval '200 days' where pipeline = $1`,
      [pipeline],
    )
    await retain(pool, pipeline, { anomaliesMs: 1e12, statisticsMs: 1e12 })
    await pool.query('update outflow.retention_clocks set as_of = $2, ran_at = $2 where pipeline = $1', [
      pipeline,
      new Date(then),
    ])
    const left = async () => (await leastLikelyAnomalies(pool, { pipeline, limit: 9 })).length

    const { behindMs, asOf } = await retain(pool, pipeline, retention)
    expect(asOf).toEqual(new Date(then + DAY_MS))
    expect(Math.round(behindMs / DAY_MS)).toBe(199)
    expect(await left()).toBe(2)
    const { rowCount } = await pool.query('select from outflow.score_statistics where pipeline = $1', [pipeline])
    expect(rowCount).toBeGreaterThan(0)
    for (let restart = 0; restart < 5; restart++) await retain(pool, pipeline, retention)
    expect(await left()).toBe(2)

    // A shorter configured retention applies at once.
    await retain(pool, pipeline, { ...retention, anomaliesMs: 80 * DAY_MS })
    expect(await left()).toBe(0)
  })

  it('issue 17.23: after the clock was set back, retention uses the earlier time', async () => {
    const pipeline = await aPipeline()
    await retain(pool, pipeline)
    await pool.query(
      `update outflow.retention_clocks set as_of = now() + interval '400 days', ran_at = now() + interval '400 days' where pipeline = $1`,
      [pipeline],
    )
    const { asOf, behindMs } = await retain(pool, pipeline)
    expect(behindMs).toBe(0)
    expect(Math.abs(asOf.getTime() - Date.now())).toBeLessThan(60_000)
  })
})
