import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool } from '@outflow/store'
import { partitionCounters } from '@outflow/store/batch'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.js'
import { spawnOutflow } from '../support/run-outflow.js'

/** All that the demo and what it starts put on the disk, and what their command lines name. */
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-demo-test-'))
  // Postgres does not run as root: as root the launcher starts it as somebody else, who must get there.
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

describe('outflow demo --json', () => {
  it('accounts for every message, finds what it must, streams on, and leaves nothing behind', {
    timeout: 400_000,
  }, async () => {
    // It brings its own broker and database, wherever this test run's come from.
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
    // One in a hundred is asked for; on the newest fifth, which the model has not seen, routes are new that are real.
    expect(summary.falseAlarms).toBeLessThan(600)
    expect(summary.latencyMs.p50).toBeGreaterThan(0)
    expect(summary.latencyMs.p99).toBeGreaterThanOrEqual(summary.latencyMs.p50)

    expect(stderr).toContain('feed: 16,020 of 16,020 messages')
    // Caches of the tools that run it (tsx, Maven) stay, and are theirs.
    expect((await readdir(folder)).filter((name) => name.startsWith('outflow'))).toEqual([])
    expect(processesOfTheDemo()).toEqual([])
  })
})
