/**
 * How long the queries of libs/store/QUERIES.md take on 5 million anomalies: `npm run bench:queries -- --json`.
 *
 * Protocol: a database of its own in a real Postgres with its default settings, filled by test/bench/queries/fill.ts with
 * `--anomalies` of five pipelines over `--days`. Each query is sent by a member of outflow_analyst as it is documented, once cold as
 * far as its pages are (after the others' pages went through the cache) and then `--rounds` times. Reported is the time that the client waits, the
 * rows read included: first, fastest, median and slowest. Exits with 1 where a median is above the target.
 *
 * `--plans DIR` keeps `explain (analyze, buffers)` of each there.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate } from '@outflow/store'
import pg from 'pg'
import { type DocumentedQuery, documentedQueries } from './queries/documented.js'
import { fill } from './queries/fill.js'

const TARGET_MS = 200

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    anomalies: { type: 'string', default: '5000000' },
    days: { type: 'string', default: '35' },
    rounds: { type: 'string', default: '9' },
    plans: { type: 'string' },
  },
})
const say = (line: string) => console.error(line)
const infrastructure = await launchInfrastructure({ need: ['postgres'], onProgress: say })
const { url, description } = infrastructure.postgres
const database = `outflow_bench_queries_${process.pid}`
const admin = await connect(url)
await admin.query(`create database ${database}`)
try {
  const own = new URL(url)
  own.pathname = `/${database}`
  await migrate(own.href)
  const client = await connect(own.href)
  try {
    const began = performance.now()
    await fill(client, { anomalies: Number(options.anomalies), days: Number(options.days), say })
    const fillSeconds = Math.round((performance.now() - began) / 1_000)
    const held = await client.query<{ anomalies: string; bytes: string }>(
      `select (select count(*) from outflow.anomalies) as anomalies, pg_database_size(current_database()) as bytes`,
    )
    await client.query('set role outflow_analyst')
    const queries = documentedQueries()
    const times = []
    for (const query of queries) times.push(await measure(client, query))
    const isMet = times.every(({ medianMs }) => medianMs <= TARGET_MS)
    const report = {
      targetMs: TARGET_MS,
      isMet,
      queries: times,
      conditions: {
        anomalies: Number(held.rows[0]!.anomalies),
        databaseBytes: Number(held.rows[0]!.bytes),
        days: Number(options.days),
        fillSeconds,
        cpu: cpus()[0]!.model,
        cores: cpus().length,
        load: loadavg(),
        server: description,
      },
    }
    if (options.json) console.log(JSON.stringify(report, null, 2))
    else console.table(times)
    process.exitCode = isMet ? 0 : 1
  } finally {
    await client.end()
  }
} finally {
  await admin.query(`drop database ${database} with (force)`)
  await admin.end()
  await infrastructure.stop()
}

async function measure(client: pg.Client, { title, sql }: DocumentedQuery) {
  const times: number[] = []
  let rows = 0
  for (let round = 0; round <= Number(options.rounds); round += 1) {
    const began = performance.now()
    rows = (await client.query(sql)).rows.length
    times.push(performance.now() - began)
  }
  if (rows === 0) throw new Error(`no row answers “${title}”: the bench measures nothing`)
  if (options.plans !== undefined) await keepPlan(client, { title, sql }, options.plans)
  const [firstMs, ...warm] = times as [number, ...number[]]
  const sorted = warm.toSorted((a, b) => a - b)
  const round = (ms: number) => Number(ms.toFixed(1))
  return {
    title,
    rows,
    minMs: round(sorted[0]!),
    medianMs: round(sorted[Math.floor(sorted.length / 2)]!),
    maxMs: round(sorted.at(-1)!),
    firstMs: round(firstMs),
  }
}

async function keepPlan(client: pg.Client, { title, sql }: DocumentedQuery, folder: string): Promise<void> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers, settings) ${sql}`)
  mkdirSync(folder, { recursive: true })
  const name = `${title.split('.')[0]!.padStart(2, '0')}.txt`
  writeFileSync(join(folder, name), `${title}\n\n${sql}\n\n${rows.map((row) => row['QUERY PLAN']).join('\n')}\n`)
}

async function connect(to: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: to, application_name: 'bench' })
  await client.connect()
  return client
}
