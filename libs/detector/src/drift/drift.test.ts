import { describe, expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { calibrateBuckets, driftLimit, type ScoreBlock, watchDrift } from './drift.js'

const BUCKETS = 20
const MINUTE_MS = 60_000
/** Each bucket has the same share of the records if nothing has changed. */
const even = Float64Array.from({ length: BUCKETS + 1 }, (_, border) => 1 - border / BUCKETS)
const buckets = calibrateBuckets(even, 5_000)

interface Stream {
  readonly perMinute: number
  readonly minutes: number
  readonly seed: number
  /** Default: BUCKETS. */
  readonly buckets?: number
  /** Maps a uniform u to the rank of a record, from 0, the most normal, to 1, the least likely. Default: u. */
  readonly place?: (u: number, minute: number, chance: () => number) => number
}

function* stream({
  perMinute,
  minutes,
  seed,
  buckets: size = BUCKETS,
  place = (u) => u,
}: Stream): Generator<ScoreBlock> {
  const { uniform: chance } = seededDraws(seed)
  for (let minute = 0; minute < minutes; minute++) {
    const counts = new Float64Array(size)
    for (let record = 0; record < perMinute; record++) {
      counts[Math.min(size - 1, Math.floor(place(chance(), minute, chance) * size))]! += 1
    }
    yield { startMs: minute * MINUTE_MS, counts }
  }
}

describe('the scores of buckets', () => {
  it('have mean 0 and a variance of nearly 1, also with coarse buckets', () => {
    for (const size of [4, 20, 128]) {
      const { score, variance } = calibrateBuckets(
        Float64Array.from({ length: size + 1 }, (_, border) => 1 - border / size),
        1_000,
      )
      expect(score.reduce((sum, own) => sum + own, 0) / size).toBeCloseTo(0, 3)
      expect(variance).toBeGreaterThan(0.75)
      expect(variance).toBeLessThan(1.001)
    }
  })

  it('are finite in buckets without calibration records', () => {
    const { score } = calibrateBuckets(Float64Array.of(1, 1, 0.5, 0, 0), 100)
    expect([...score].every(Number.isFinite)).toBe(true)
    expect(score[3]).toBeGreaterThan(2.3)
    expect(score[0]).toBeLessThan(-2.3)
  })
})

describe('the run length to a false alarm', () => {
  it.each([50, 200])('is %i blocks or more by simulation, and of the same order for small blocks', (designed) => {
    const limit = driftLimit(designed)
    // With an exact calibration and small blocks the tolerance has little effect: the run length is near its lower bound.
    const exact = calibrateBuckets(even, 1e9)
    const runs = Array.from({ length: 150 }, (_, seed) => {
      const { alarm } = watchDrift(stream({ perMinute: 20, minutes: 40 * designed, seed }), exact, limit)
      return (alarm?.raisedMs ?? 40 * designed * MINUTE_MS) / MINUTE_MS + 1
    })
    const mean = runs.reduce((sum, run) => sum + run, 0) / runs.length
    expect(mean).toBeGreaterThan(0.9 * designed)
    expect(mean).toBeLessThan(6 * designed)
  })

  it('has a limit that increases with the requested run length', () => {
    const limits = [10, 1_000, 43_200, 1e7].map(driftLimit)
    expect(limits).toEqual(limits.toSorted((a, b) => a - b))
  })
})

describe('a month between false alarms', () => {
  const limit = driftLimit(43_200)
  const watch = (place: Stream['place'], minutes = 240) =>
    watchDrift(stream({ perMinute: 300, minutes, seed: 11, ...(place && { place }) }), buckets, limit).alarm

  it('raises no alarm in a week without change', () => {
    expect(watch(undefined, 10_080)).toBeNull()
  })

  it('detects a level shift within five minutes and reports its start', () => {
    const alarm = watch((u, minute) => (minute < 60 ? u : u ** 0.5))
    expect(alarm).toMatchObject({ chart: 'less likely' })
    expect(alarm!.raisedMs).toBeLessThan(65 * MINUTE_MS)
    expect(Math.abs(alarm!.changedMs - 60 * MINUTE_MS)).toBeLessThanOrEqual(10 * MINUTE_MS)
  })

  it('reports the first block of a change as its start, not the block that raises the alarm', () => {
    const unchanged = buckets.score.map(() => 15)
    const changed = buckets.score.map((score) => 15 * (1 + 0.3 * score))
    const blocks = Array.from({ length: 70 }, (_, minute) => ({
      startMs: minute * MINUTE_MS,
      counts: minute < 60 ? unchanged : changed,
    }))
    const { alarm } = watchDrift(blocks, buckets, limit)
    expect(alarm!.changedMs).toBe(60 * MINUTE_MS)
    expect(alarm!.raisedMs).toBeGreaterThan(60 * MINUTE_MS)
  })

  it('tests blocks of fewer than 20 records together, as one block', () => {
    const high = Float64Array.from({ length: BUCKETS }, (_, bucket) => (bucket === BUCKETS - 1 ? 10 : 0))
    const whole = { startMs: 0, counts: high.map((count) => 2 * count) }
    const halves = [0, 1].map((minute) => ({ startMs: minute * MINUTE_MS, counts: high }))
    expect(watchDrift(halves, buckets, limit)).toEqual(watchDrift([whole], buckets, limit))
  })

  it('detects a stream that becomes too normal, as by a stuck sensor', () => {
    const alarm = watch((u, minute) => (minute < 60 ? u : 0.8 * u))
    expect(['too normal', 'less spread']).toContain(alarm?.chart)
    expect(alarm!.raisedMs).toBeLessThan(70 * MINUTE_MS)
  })

  it('raises no alarm for a shift that the error of the calibration explains', () => {
    const exact = calibrateBuckets(even, 1e9)
    const few = calibrateBuckets(even, 100)
    // Shares of 5 % each, tilted so that the mean score is 0.06: above the allowance of an exact calibration, where one
    // standard error is 0.1, and below that of 100 records, where it is 0.14.
    const counts = exact.score.map((score) => 1_000 * (1 + (0.06 / exact.variance) * score))
    const blocks = Array.from({ length: 2_000 }, (_, minute) => ({ startMs: minute * MINUTE_MS, counts }))
    expect(watchDrift(blocks, exact, limit).alarm).toMatchObject({ chart: 'less likely' })
    expect(watchDrift(blocks, few, limit).alarm).toBeNull()
  })

  it('detects a slow drift before it is large', () => {
    const alarm = watch((u, minute) => u ** (1 / (1 + minute / 1_000)))
    expect(alarm).toMatchObject({ chart: 'less likely' })
  })

  it.each([300, 2_000, 20_000])(
    'raises no alarm for two anomalies in a hundred records over ten minutes, at %i a minute',
    (perMinute) => {
      const place: Stream['place'] = (u, minute, chance) =>
        minute >= 60 && minute < 70 && chance() < 0.02 ? 0.9999 : u
      const fine = calibrateBuckets(
        Float64Array.from({ length: 1_001 }, (_, border) => 1 - border / 1_000),
        20_000,
      )
      const blocks = stream({ perMinute, minutes: 100, seed: 11, buckets: 1_000, place })
      expect(watchDrift(blocks, fine, limit).alarm).toBeNull()
    },
  )

  it('raises an alarm within 50 minutes for four anomalies in a hundred records', () => {
    const alarm = watch((u, minute, chance) => (minute >= 60 && chance() < 0.04 ? 0.9999 : u))
    expect(alarm!.raisedMs).toBeLessThan(110 * MINUTE_MS)
  })
})
