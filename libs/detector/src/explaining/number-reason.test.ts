import type { Feature } from '@outflow/contracts'
import { type Encoder, encodeBatch, fitEncoder } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { readerOf } from '../test-draws.js'
import { type Curve, numberReason } from './number-reason.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.length', type: 'numeric', optional: false },
  { path: '$.route', type: 'categorical', optional: false },
]
const read = readerOf(features)
const LENGTHS = { short: 100, middle: 500, long: 900 } as const
/** Each route has a length, recorded with an error of 0 or 1; the load is 0 to 99 on all of them. */
const records = Array.from({ length: 600 }, (_, at) => {
  const route = (['short', 'middle', 'long'] as const)[at % 3]!
  return read({ load: (at * 37) % 100, length: LENGTHS[route] + (at % 7 === 0 ? 1 : 0), route })
})
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })
const THRESHOLD_NLL = 20

/** A curve of `lowest` nats at one value, and of 40 nats more elsewhere. */
function lowestAt(value: number, lowest: number, grid: readonly number[]): Curve {
  const points = Float64Array.from([...grid, value]).sort()
  return {
    grid: points,
    nll: points.map((x) => (x === value ? lowest : lowest + 40)),
    usualNll: undefined,
    missingNll: undefined,
  }
}

function reasonBy(own: Encoder, fields: Fields, j: number, curve: Curve) {
  const { ids } = encodeBatch(own, [fields])
  return numberReason(own, fields, ids, j, curve, { recordNll: 60, thresholdNll: THRESHOLD_NLL })
}

const reasonOf = (record: { load: number; length: number; route: string }, j: number, curve: Curve) =>
  reasonBy(encoder, read(record), j, curve)

it('names the group if the likeliest value of the flow is that of the group', () => {
  const curve = lowestAt(900, 10, [0, 100, 500, 890, 910])
  const { text, expected, bits } = reasonOf({ load: 50, length: 100, route: 'long' }, 1, curve)
  expect(text).toBe('length 100 is far below the 900 of route long')
  expect(expected).toBe(900)
  expect(bits).toBeCloseTo(50 / Math.LN2, 1)
})

it("states the flow's value, without the group, if it differs from the group's and makes the record normal", () => {
  const curve = lowestAt(700, 10, [0, 100, 690, 710, 900])
  const { text, expected } = reasonOf({ load: 50, length: 100, route: 'long' }, 1, curve)
  expect(expected).toBe(700)
  expect(text).not.toContain('route long')
})

it("states the group's median and range if no value makes the record normal", () => {
  const curve = lowestAt(700, 30, [0, 100, 699, 701, 900])
  const { text, expected, range } = reasonOf({ load: 5000, length: 100, route: 'long' }, 1, curve)
  expect(text).toBe('length 100 is far below the 900 of route long')
  expect(expected).toBe(900)
  expect(range![0]).toBeGreaterThan(895)
  expect(range![1]).toBeLessThan(905)
})

it.each([
  ["states the flow's value", 60, 60, 'load 2,000 is far above the 60 expected'],
  [
    "states the usual span instead of a flow's value that hardly any record has",
    4000,
    50,
    /load 2,000 is far above the usual \d to 9\d/,
  ],
] as const)(
  '%s, where no group determines the number and no value makes the record normal',
  (_, value, usual, words) => {
    const { expected, text } = reasonOf(
      { load: 2000, length: 7, route: 'long' },
      0,
      lowestAt(value, 30, [0, 55, 65, 4010]),
    )
    expect(Math.abs(Number(expected) - usual)).toBeLessThan(3)
    expect(text).toMatch(words)
  },
)

it('expects the median of the records if no value makes the record normal (the mean was outside the range)', async () => {
  const one: readonly Feature[] = [{ path: '$.x', type: 'numeric', optional: false }]
  const readOne = readerOf(one)
  const sparse = Array.from({ length: 300 }, (_, at) => readOne({ x: at % 40 === 0 ? -at / 7 : 1.5 }))
  const fitted = (await fitEncoder(one, sparse, { seed: 1, contamination: 0.01 })).encoder
  const { expected, range } = reasonBy(fitted, readOne({ x: 42 }), 0, lowestAt(-5, 30, [-40, 1]))
  expect(range).toEqual([1.5, 1.5])
  expect(expected).toBe(1.5)
})

it("the range has the expected value of a record's group that few records are of (107.8 was expected, at most 21.2 usual)", async () => {
  const grouped: readonly Feature[] = [
    { path: '$.x', type: 'numeric', optional: false },
    { path: '$.k', type: 'categorical', optional: false },
  ]
  const readGrouped = readerOf(grouped)
  const rows = Array.from({ length: 600 }, (_, at) => {
    const noise = ((at * 37) % 101) / 5 - 10
    return readGrouped(at % 60 === 0 ? { x: 100 + noise, k: 'far' } : { x: noise + 6 * (at % 3), k: `k${at % 3}` })
  })
  const fitted = (await fitEncoder(grouped, rows, { seed: 1, contamination: 0.01 })).encoder
  const far = readGrouped({ x: 5000, k: 'far' })
  const { expected, range } = reasonBy(fitted, far, 0, lowestAt(100, 30, [-10, 10, 110]))
  expect(expected).toBeGreaterThan(90)
  expect(range![0]).toBeLessThan(0)
  expect(range![1]).toBeGreaterThanOrEqual(Number(expected))
})

it("a group's range of times does not extend beyond those seen in training (it began at `-1:-4`)", async () => {
  const shifts: readonly Feature[] = [
    { path: '$.time', type: 'cyclic', period: 'day', optional: false },
    { path: '$.shift', type: 'categorical', optional: false },
  ]
  const readShift = readerOf(shifts)
  /** Early records begin after 01:18 and become rarer; the late ones are between 12:00 and 23:00. */
  const timed = Array.from({ length: 600 }, (_, at) => {
    const hour = at % 2 === 0 ? 1.3 - 3 * Math.log(1 - (at + 1) / 615) : 12 + ((at * 37) % 600) / 55
    return readShift({
      time: new Date(hour * 3_600_000).toISOString(),
      shift: at % 2 === 0 ? 'early' : 'late',
    })
  })
  const fitted = (await fitEncoder(shifts, timed, { seed: 1, contamination: 0.01 })).encoder
  const fields = readShift({ time: '1970-01-01T19:00:00Z', shift: 'early' })
  const { text } = reasonBy(fitted, fields, 0, lowestAt(12, 30, [1, 5, 20]))
  expect(text).toMatch(/^time 19:00 is outside the usual 01:18 to 06:\d\d$/)
})
