import { expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { driftLimit, type ScoreBlock } from './drift.js'
import { type SurplusOptions, watchSurplus } from './surplus.js'

const MINUTE_MS = 60_000
/** p-values by halves: 1, ½, ¼ … and 0. */
const borders = [...Array.from({ length: 16 }, (_, bucket) => 2 ** -bucket), 0]
const options: SurplusOptions = { borders, alertRate: 0.01, calibrated: 20_000, limit: driftLimit(43_200) }

interface Stream {
  readonly perMinute: number
  readonly minutes: number
  readonly seed?: number
  /** Share of improbable records, by the minute; default: none. */
  readonly improbable?: (minute: number) => number
}

function stream({ perMinute, minutes, seed = 7, improbable = () => 0 }: Stream): ScoreBlock[] {
  const { uniform } = seededDraws(seed)
  return Array.from({ length: minutes }, (_, minute) => {
    const counts = new Float64Array(borders.length - 1)
    for (let record = 0; record < perMinute; record++) {
      const p = uniform() < improbable(minute) ? 1e-4 : 1 - uniform()
      counts[Math.min(counts.length - 1, Math.floor(-Math.log2(p)))]! += 1
    }
    return { startMs: minute * MINUTE_MS, counts }
  })
}

it('is found two minutes after three in a hundred records became improbable, and begins at that minute', () => {
  const blocks = stream({ perMinute: 2_000, minutes: 62, improbable: (minute) => (minute < 60 ? 0 : 0.03) })
  expect(watchSurplus(blocks.slice(0, 60), options)).toBeNull()
  const surplus = watchSurplus(blocks, options)
  expect(surplus).toMatchObject({ raisedMs: 61 * MINUTE_MS })
  expect(60 - surplus!.changedMs / MINUTE_MS).toBeLessThanOrEqual(2)
})

it('ends within twenty minutes after the share is normal again, however long it lasted', () => {
  const improbable = (minute: number) => (minute < 120 ? 0.1 : 0)
  const blocks = stream({ perMinute: 2_000, minutes: 140, improbable })
  expect(watchSurplus(blocks.slice(0, 121), options)).not.toBeNull()
  expect(watchSurplus(blocks, options)).toBeNull()
})

it('is null for an excess of less than an eighth, for any number of records', () => {
  const improbable = () => 0.0009
  expect(watchSurplus(stream({ perMinute: 20_000, minutes: 60, improbable }), options)).toBeNull()
})

it('is as rare as designed if nothing has changed', () => {
  // Five charts share a run length of twenty blocks, so each of them has a hundred. The calibration is exact.
  const own = { ...options, alertRate: 2 ** -7, calibrated: 1e9, limit: driftLimit(20) }
  // Two minutes a block.
  const blocks = stream({ perMinute: 640, minutes: 2 * BLOCKS, seed: 3 })
  let [raised, from] = [0, 0]
  for (let to = 2; to <= blocks.length; to += 2) {
    if (watchSurplus(blocks.slice(from, to), own) === null) continue
    raised += 1
    from = to
  }
  expect(raised).toBeLessThanOrEqual(BLOCKS / 100)
})

const BLOCKS = 300

it('is null for an excess that the error of a small calibration set explains', () => {
  const due = 2 ** -7
  const counts = borders
    .slice(1)
    .map((_, bucket) => (bucket === 0 ? 1 - 1.5 * due : bucket === 7 ? 1.5 * due : 0) * 1e5)
  const blocks = Array.from({ length: 200 }, (_, minute) => ({ startMs: minute * MINUTE_MS, counts }))
  expect(watchSurplus(blocks, { ...options, calibrated: 20_000 })).not.toBeNull()
  expect(watchSurplus(blocks, { ...options, calibrated: 100 })).toBeNull()
})
