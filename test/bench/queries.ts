/**
 * Measures the queries of libs/store/QUERIES.md and the overview of the console on 5 million anomalies: `npm run bench:queries`.
 *
 * Protocol: a new database in a real Postgres with its default settings, filled by test/bench/queries/fill.ts with
 * `--anomalies` of five pipelines over `--days`. A member of outflow_analyst sends each query as documented: first with a cache that
 * the other queries have filled with their pages, then `--rounds` times. Reported is the time until the client
 * has read all rows: first, fastest, median and slowest. The overview is the answer of `/api/anomalies/overview`, with all its
 * queries. Exits with 1 if a median is above the target.
 */
import { launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool, withReadOnlyTransaction } from '@outflow/store'
import { readOverview } from '../../services/console/src/overview.js'
import { urlOfDatabase, withClient } from '../support/postgres-client.js'
import { medianOf } from './median.js'
import { benchOptions } from './options.js'
import { documentedQueries } from './queries/documented.js'
import { fill } from './queries/fill.js'
import { makeReport } from './report.js'

const TARGET_MS = 200
const OVERVIEW_TARGET_MS = 500
const DAY_MS = 86_400_000

const { json, anomalies, days, rounds } = benchOptions({ anomalies: 5_000_000, days: 35, rounds: 9 })
const infrastructure = await launchInfrastructure({ need: ['postgres'], onProgress: console.error })
const { url, description } = infrastructure.postgres
const report = makeReport(json, description)
const database = `outflow_bench_queries_${process.pid}`
await withClient(url, (admin) => admin.query(`create database ${database}`))
try {
  const own = urlOfDatabase(url, database)
  await migrate(own)
  await withClient(own, async (client) => {
    await fill(client, { anomalies, days })
    const held = await client.query<{ anomalies: string; bytes: string }>(
      `select (select count(*) from outflow.anomalies) as anomalies, pg_database_size(current_database()) as bytes`,
    )
    await client.query('set role outflow_analyst')
    report.table('database', [
      { anomalies: Number(held.rows[0]!.anomalies), days, GB: Number(held.rows[0]!.bytes) / 1e9 },
    ])
    const times = []
    for (const { title, sql } of documentedQueries())
      times.push(await timed(title, async () => (await client.query(sql)).rows.length))
    report.table(`queries, at most ${TARGET_MS} ms in the median`, times)
    const overviews = await measureOverviews(own)
    report.table(`overview of the console, at most ${OVERVIEW_TARGET_MS} ms in the median`, overviews)
    const isMet =
      times.every((line) => line['median ms'] <= TARGET_MS) &&
      overviews.every((line) => line['median ms'] <= OVERVIEW_TARGET_MS)
    process.exitCode = isMet ? 0 : 1
  })
} finally {
  await withClient(url, (admin) => admin.query(`drop database ${database} with (force)`))
  await infrastructure.stop()
}

/** The overview of a pipeline with 2 of the 5 million anomalies, as the page requests it. */
async function measureOverviews(url: string) {
  const pool = openPool(url)
  const now = Date.now()
  const since = (days: number) => ({ from: new Date(now - days * DAY_MS), to: new Date(now) })
  const overviews = {
    'overview of a day': { filter: since(1), compare: false },
    'overview of 7 days, compared': { filter: since(7), compare: true },
    'overview of 30 days': { filter: since(30), compare: false },
    'overview of all': { filter: {}, compare: false },
    'overview of all of one entity': { filter: { key: 'E017' }, compare: false },
  }
  const times = []
  for (const [title, { filter, compare }] of Object.entries(overviews)) {
    const read = () =>
      withReadOnlyTransaction(pool, (db) =>
        readOverview(db, { filter: { pipeline: 'flights', ...filter }, steps: 60, compare }),
      )
    times.push(await timed(title, async () => (await read()).anomalies))
  }
  await pool.end()
  return times
}

/** @param ask  returns the number of rows or anomalies */
async function timed(title: string, ask: () => Promise<number>) {
  const times: number[] = []
  let rows = 0
  for (let round = 0; round <= rounds; round += 1) {
    const began = performance.now()
    rows = await ask()
    times.push(performance.now() - began)
  }
  if (rows === 0) throw new Error(`no row answers “${title}”: the bench measures nothing`)
  const [firstMs, ...warm] = times as [number, ...number[]]
  return {
    ...{ title, rows, 'first ms': firstMs, 'least ms': Math.min(...warm) },
    ...{ 'median ms': medianOf(warm), 'slowest ms': Math.max(...warm) },
  }
}
