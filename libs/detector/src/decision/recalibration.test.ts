import type { Recalibration } from '@outflow/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ScoreBlock } from '../drift/drift.js'
import { seededDraws } from '../test-draws.js'
import { fitRecalibration, recalibrate, recalibrationDistance } from './recalibration.js'

const BUCKETS = 64
/** Each bucket spans half a bit of odds. */
const borders = Float64Array.from({ length: BUCKETS + 1 }, (_, border) =>
  border === 0 ? 1 : border === BUCKETS ? 0 : 1 / (1 + 2 ** (border / 2 - 8)),
)
const RATE = 0.01
const options = { borders, alertRate: RATE, within: 10 }

/** Maps a uniform u to a p-value by the model's own calibration. */
type Place = (u: number, chance: () => number) => number

function draw(place: Place, count: number, seed: number): Float64Array {
  const { uniform } = seededDraws(seed)
  const chance = () => 1 - uniform()
  return Float64Array.from({ length: count }, () => place(chance(), chance))
}

function minutes(place: Place, { count = 30, perMinute = 1_000, seed = 1 } = {}): ScoreBlock[] {
  return Array.from({ length: count }, (_, minute) => {
    const counts = new Float64Array(BUCKETS)
    for (const p of draw(place, perMinute, 1_000 * seed + minute)) {
      const bucket = Math.floor(2 * (Math.log2((1 - p) / p) + 8))
      counts[Math.max(0, Math.min(BUCKETS - 1, bucket))]! += 1
    }
    return { startMs: minute * 60_000, counts }
  })
}

/** Share of anomalies among 200,000 new records. */
function anomalyShare(recalibration: Recalibration | null, place: Place): number {
  const recalibrated = recalibrate(recalibration, draw(place, 200_000, 99))
  return recalibrated.filter((p) => p <= RATE).length / recalibrated.length
}

const same: Place = (u) => u
/** Makes all records less likely, by this much in log-odds. */
const shifted =
  (by: number): Place =>
  (u) =>
    u / (u + (1 - u) * Math.exp(by))

describe('recalibration', () => {
  it.each([
    ['nothing has changed', same],
    ['all records are less likely', shifted(0.8)],
    ['all records are more normal', shifted(-0.8)],
    ['high scores are higher and low scores lower', (u: number) => shifted(0.3 * Math.log((1 - u) / u))(u, () => 0)],
    ['only the tail is heavier, as after a calibration with few records', (u: number) => (u < 0.05 ? u / 1.8 : u)],
  ])('keeps the share of anomalies where %s', (_, place) => {
    const share = anomalyShare(fitRecalibration(minutes(place), options), place)
    expect(share).toBeGreaterThan(0.8 * RATE)
    expect(share).toBeLessThan(1.25 * RATE)
  })

  it('uses only the newest blocks, and more of them if they have few records', () => {
    const late = minutes(shifted(1), { count: 20, seed: 2 }).map((block) => ({
      ...block,
      startMs: block.startMs + 36e5,
    }))
    expect(anomalyShare(fitRecalibration([...minutes(same), ...late], options), shifted(1))).toBeLessThan(1.3 * RATE)
    const sparse = fitRecalibration(minutes(shifted(1), { count: 300, perMinute: 10 }), options)
    expect(anomalyShare(sparse, shifted(1))).toBeLessThan(1.3 * RATE)
  })

  it('uses no block that is six hours old, however few records the newer ones have', () => {
    const late = minutes(shifted(1), { count: 360, perMinute: 10, seed: 2 })
    const early = minutes(same, { perMinute: 10 }).map((block) => ({ ...block, startMs: block.startMs - 30 * 60_000 }))
    expect(fitRecalibration([...early, ...late], options)).toEqual(fitRecalibration(late, options))
  })

  it('is null below 200 records', () => {
    expect(fitRecalibration(minutes(same, { count: 3, perMinute: 60 }), options)).toBeNull()
    expect(fitRecalibration([], options)).toBeNull()
  })
})

describe('an attack of two in a hundred', () => {
  const attacked: Place = (u, chance) => (chance() < 0.02 ? 1e-5 * u : u)
  const recalibration = fitRecalibration(minutes(attacked, { count: 10 }), options)!

  it('remains an anomaly in every record, even if all used blocks contain it', () => {
    const improbable = draw((u) => 1e-5 * u, 1_000, 5)
    expect(recalibrate(recalibration, improbable).every((p) => p <= RATE / 10)).toBe(true)
  })

  it('changes the share of anomalies by a factor of at most 3.5, and not after it has ended', () => {
    expect(anomalyShare(recalibration, same)).toBeGreaterThan(RATE / 3.5)
    const after = minutes(same, { count: 40 }).map((block) => ({ ...block, startMs: block.startMs + 6e5 }))
    const later = fitRecalibration([...minutes(attacked, { count: 10 }), ...after], options)
    expect(anomalyShare(later, same)).toBeGreaterThan(0.8 * RATE)
  })
})

describe('the bound', () => {
  const counts = fc.array(fc.nat({ max: 5_000 }), { minLength: BUCKETS, maxLength: BUCKETS })
  const someP = fc.double({ min: 1e-300, max: 0.999, noNaN: true })

  it('applies to any counts: no odds change by more than it, and the order of records is kept', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 1, max: 100, noNaN: true }), someP, someP, (own, within, p, q) => {
        const recalibration = fitRecalibration([{ startMs: 0, counts: own }], { ...options, within })
        fc.pre(recalibration !== null)
        const [low, high] = [Math.min(p, q), Math.max(p, q)]
        const [a, b] = recalibrate(recalibration!, Float64Array.of(low, high)) as unknown as [number, number]
        expect(a).toBeGreaterThan(0)
        expect(a).toBeLessThanOrEqual(b * (1 + 1e-9))
        const odds = (share: number) => share / (1 - share)
        for (const [before, after] of [[low, a] as const, [high, b] as const]) {
          expect(odds(after)).toBeLessThanOrEqual(odds(before) * within * (1 + 1e-9))
          expect(odds(after)).toBeGreaterThanOrEqual((odds(before) / within) * (1 - 1e-9))
        }
      }),
    )
  })

  it('of 1 recalibrates nothing', () => {
    expect(recalibrationDistance(fitRecalibration(minutes(shifted(1)), { ...options, within: 1 })!, null)).toBeLessThan(
      1e-12,
    )
  })

  it('does not absorb a large shift: more than five times the rate are anomalies until the next fit', () => {
    const flood = shifted(5)
    const recalibration = fitRecalibration(minutes(flood), options)
    expect(anomalyShare(recalibration, flood)).toBeGreaterThan(5 * RATE)
  })
})
