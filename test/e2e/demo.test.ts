import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { type Ran, runOutflow } from '../support/run-outflow.js'

/** The demo brings its own broker and database, wherever this test run's come from. */
const ITS_OWN = { KAFKA_BROKERS: '', DATABASE_URL: '' }

const demoFolders = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('outflow-demo-'))

describe('outflow demo --once --json', () => {
  it('accounts for every message, finds what it must, and leaves nothing behind', { timeout: 400_000 }, async () => {
    const before = await demoFolders()
    const ran: Ran = await runOutflow(['demo', '--once', '--json'], { env: ITS_OWN })
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

    expect(ran.stderr).toContain('replay: 16,020 of 16,020 messages')
    expect(await demoFolders()).toEqual(before)
  })
})
