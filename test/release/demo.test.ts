import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { spawnOutflow } from '../support/run-outflow.js'

/** Temporary folder for everything that the demo and its processes write; their command lines contain its path. */
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-demo-test-'))
  // Postgres does not run as root: the launcher starts it as another user, who needs access to the folder.
  await chmod(folder, 0o755)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const processesOfTheDemo = (): readonly string[] =>
  execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .split('\n')
    .filter((args) => args.includes(folder))

async function untilMoreReceived(databaseUrl: string, count: number): Promise<void> {
  const pool = openPool(databaseUrl, { max: 1 })
  const received = async () => {
    const counters = await partitionCounters(pool, 'flights')
    return counters.reduce((sum, each) => sum + each.received, 0)
  }
  await eventually(async () => (await received()) > count, { what: 'streamed flights are counted' })
  await pool.end()
}

it('demo --json accounts for every message, finds the corrupted flights, streams more, and removes everything at the end', async () => {
  // The demo launches its own broker and database, also when those of the test run are given.
  const demo = spawnOutflow(['demo', '--json'], { KAFKA_BROKERS: '', DATABASE_URL: '', TMPDIR: folder })
  let [stdout, stderr] = ['', '']
  demo.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  demo.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = once(demo, 'close')
  await eventually(() => demo.exitCode !== null || stderr.includes('Streaming 20 flights a second'), {
    what: 'the demo streams',
    withinMs: 350_000,
  })
  expect(demo.exitCode, stderr).toBeNull()
  await untilMoreReceived(/psql (postgres\S+)/.exec(stderr)![1]!, 20_020)
  demo.kill('SIGINT')
  expect((await ended)[0], stderr).toBe(0)
  const summary = JSON.parse(stdout)

  expect(summary).toMatchObject({ produced: 20_020, received: 20_020, scored: 20_000, deadLettered: 20 })
  expect(summary.deadLetterMessages).toBe(20)
  expect(Object.keys(summary.deadLetteredByReason).toSorted()).toEqual([
    ...['bad_timestamp', 'empty', 'missing_field', 'too_large', 'undecodable', 'wrong_type'],
  ])
  expect(summary.alerts).toBe(summary.anomalies)
  expect(summary.alertsRepeated).toBe(0)
  expect(summary.corrupted).toBe(100)
  expect(summary.byKind.distance_km.recall).toBeGreaterThanOrEqual(0.9)
  expect(summary.byKind.swapped_fields.recall).toBeGreaterThanOrEqual(0.9)
  // The alert rate is one in a hundred. The model was not fitted to the newest fifth, in which some real routes are new.
  expect(summary.falseAlarms).toBeLessThan(600)
  expect(summary.latencyMs.p50).toBeGreaterThan(0)
  expect(summary.latencyMs.p99).toBeGreaterThanOrEqual(summary.latencyMs.p50)

  expect(stderr).toContain('feed: 16,020 of 16,020 messages')
  // Caches of its tools (tsx, Maven) remain.
  expect((await readdir(folder)).filter((name) => name.startsWith('outflow'))).toEqual([])
  expect(processesOfTheDemo()).toEqual([])
})
