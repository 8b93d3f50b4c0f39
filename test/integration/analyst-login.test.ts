import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { withTransaction } from '@outflow/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pool, url } from '../support/a-pool.js'
import { callOutflow } from '../support/call-outflow.js'
import { aConfigFile } from '../support/config-file.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aFolder, aName } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'
import { spawnOutflow } from '../support/run-outflow.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const configOf = (pipeline: string, databaseUrl: string) =>
  aConfigFile({ pipeline, postgres: { url: databaseUrl }, features: [{ path: '$.distance', type: 'numeric' }] })

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
