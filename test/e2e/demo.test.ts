import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runOutflow } from '../support/run-outflow.js'

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

describe('outflow demo --once --json', () => {
  it('accounts for every message, finds what it must, and leaves nothing behind', { timeout: 400_000 }, async () => {
    const ran = await runOutflow(['demo', '--once', '--json'], {
      // It brings its own broker and database, wherever this test run's come from.
      env: { KAFKA_BROKERS: '', DATABASE_URL: '', TMPDIR: folder },
    })
    expect(ran.code, ran.stderr).toBe(0)
    const summary = JSON.parse(ran.stdout)

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

    expect(ran.stderr).toContain('feed: 16,020 of 16,020 messages')
    // Caches of the tools that run it (tsx, Maven) stay, and are theirs.
    expect((await readdir(folder)).filter((name) => name.startsWith('outflow'))).toEqual([])
    expect(processesOfTheDemo()).toEqual([])
  })
})
