import { setTimeout } from 'node:timers/promises'
import { MigrationChanged, migrate, migrationStatus, openPool, StoreRefused } from '@outflow/store'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import { describe, expect, it } from 'vitest'
import { aDatabase } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'

describe('migrate', () => {
  it('applies everything once, and nothing the second time', async () => {
    const url = await aDatabase({ isEmpty: true })
    const applied = await migrate(url)
    expect(applied[0]).toMatch(/^000001_/)
    expect(await migrate(url)).toEqual([])
    expect(await withClient(url, migrationStatus)).toEqual({ total: applied.length, pending: 0 })
  })

  it('takes as long as it needs where the database has a statement_timeout (it was cancelled)', async () => {
    const url = await aDatabase()
    await withClient(url, async (other) => {
      await other.query(`alter database ${new URL(url).pathname.slice(1)} set statement_timeout = '500ms'`)
      await other.query('begin; lock table outflow.migrations')
      const migrating = migrate(url)
      await Promise.all([expect(migrating).resolves.toEqual([]), setTimeout(1_000).then(() => other.query('commit'))])
    })
  })

  it('can run eight times concurrently: one applies, seven have nothing to do', async () => {
    const url = await aDatabase({ isEmpty: true })
    const runs = await Promise.all(Array.from({ length: 8 }, () => migrate(url)))
    expect(runs.filter((applied) => applied.length > 0)).toHaveLength(1)
  })

  it('creates the cluster-wide role while other databases create it as well', async () => {
    const urls = await Promise.all(Array.from({ length: 4 }, () => aDatabase({ isEmpty: true })))
    await expect(Promise.all(urls.map((url) => migrate(url)))).resolves.toHaveLength(4)
  })

  it('shows everything as pending in an empty database, where other calls throw with the fix', async () => {
    const url = await aDatabase({ isEmpty: true })
    const pool = openPool(url)
    const { total, pending } = await migrationStatus(pool)
    expect(pending).toBe(total)
    const refusal = await leastLikelyAnomalies(pool, { pipeline: 'p', limit: 1 }).catch((error: unknown) => error)
    await pool.end()
    expect(refusal).toBeInstanceOf(StoreRefused)
    expect(String(refusal)).toContain('run outflow migrate')
  })

  it('refuses a database that cannot store every text, with the fix', async () => {
    const url = new URL(await aDatabase({ isEmpty: true }))
    const name = `${url.pathname.slice(1)}_latin`
    await withClient(url.href, (admin) =>
      admin.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`),
    )
    url.pathname = name
    await expect(migrate(url.href)).rejects.toThrow(
      /has the encoding LATIN1.*create database .* encoding 'UTF8' locale 'C'/,
    )
  })

  it('returns times of a database whose DateStyle is not ISO (they were null, and the relay did not start)', async () => {
    const url = await aDatabase()
    await withClient(url, (admin) =>
      admin.query(`alter database ${new URL(url).pathname.slice(1)} set DateStyle = 'SQL, DMY'`),
    )
    const pool = openPool(url)
    const { rows } = await pool.query(`select timestamptz '2026-11-29 20:47:26.222Z' as at`)
    await pool.end()
    expect(rows).toEqual([{ at: new Date('2026-11-29T20:47:26.222Z') }])
  })

  it('creates, drops and judges anomalies of UTC days by any settings of a session (a day began at 03:30, and none was dropped)', async () => {
    await withClient(await aDatabase(), async (client) => {
      const bounds = `
        select pg_get_expr(relpartbound, oid) as bounds from pg_class
        where relnamespace = 'outflow'::regnamespace and relname ~ '^anomalies_[0-9]+$'`
      await client.query(`
        set DateStyle = 'SQL, DMY'; set TimeZone = 'Asia/Kolkata'; set standard_conforming_strings = off;
        select outflow.ensure_anomaly_partitions(array[(now() at time zone 'utc')::date - 10]);
        insert into outflow.anomalies
          (pipeline, topic, partition, "offset", record_time, event_time, record, nll, p_value, p_upper, severity, model_id)
        values ('p', 't', 0, 1, now() - interval '10 days', now(), '{}', 1, 0, 0, 'low', 'm');
        select outflow.give_verdict('p/t/0/1', 'confirmed'); set DateStyle = 'ISO'; set TimeZone = 'UTC'`)
      expect((await client.query(bounds)).rows).toEqual([
        { bounds: expect.stringMatching(/ FROM \('.{10} 00:00:00\+00'\) TO \('.{10} 00:00:00\+00'\)$/) },
      ])
      await client.query(`select outflow.drop_anomalies_before('p', now())`)
      expect((await client.query(bounds)).rows).toEqual([])
    })
  })

  it('throws when an applied migration has changed since', async () => {
    const url = await aDatabase()
    await withClient(url, async (client) => {
      await client.query(`update outflow.migrations set checksum = 'other' where number = 2`)
      await expect(migrationStatus(client)).rejects.toBeInstanceOf(MigrationChanged)
    })
    await expect(migrate(url)).rejects.toBeInstanceOf(MigrationChanged)
  })

  it('leaves the migrations of a later release as they are (the pods of a Helm rollback could not start)', async () => {
    const url = await aDatabase()
    await withClient(url, (admin) =>
      admin.query(
        `insert into outflow.migrations (number, name, checksum) values (999999, '999999_later.sql', 'later')`,
      ),
    )
    expect(await migrate(url)).toEqual([])
    expect(await withClient(url, migrationStatus)).toMatchObject({ pending: 0 })
  })
})

describe('the analyst', () => {
  it('reads the views, and can neither write nor see the tables behind them', async () => {
    const pool = openPool(await aDatabase(), { max: 1 })
    const { rows } = await pool.query<{ name: string; described: boolean }>(`
      select relname as name, obj_description(oid) is not null as described
      from pg_class where relnamespace = 'analyst'::regnamespace order by relname`)
    expect(rows.map(({ name }) => name)).toEqual([
      ...['alert_deliveries', 'anomalies', 'anomaly_reasons', 'audit', 'calibration_records', 'dead_letters'],
      ...['drift_alarms', 'entities', 'fits', 'health_events', 'model_changes', 'model_fields', 'models'],
      ...['pipelines', 'precision', 'recalibrations', 'score_statistics', 'shadow_differences', 'shadows'],
      ...['suppressions', 'training_exclusions', 'unsent_alerts', 'verdicts'],
    ])
    expect(rows.every(({ described }) => described)).toBe(true)

    const { rows: servers } = await pool.query<{ version: number }>(
      `select current_setting('server_version_num')::int as version`,
    )
    await pool.query('set role outflow_analyst')
    for (const { name } of rows) await pool.query(`select * from analyst.${name}`)
    // The pool closes a connection whose statement failed: each attempt sets the role again.
    for (const attempt of [
      'select 1 from outflow.anomalies',
      'delete from analyst.pipelines',
      'create table analyst.mine ()',
      'create table outflow.mine ()',
      // Postgres 14 lets every user create tables in the schema public.
      ...(servers[0]!.version < 150_000 ? [] : ['create table mine ()']),
    ]) {
      await expect(pool.query(`set role outflow_analyst; ${attempt}`)).rejects.toThrow('permission denied')
    }
    await pool.end()
  })
})
