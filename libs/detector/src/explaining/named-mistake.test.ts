import type { Feature } from '@outflow/contracts'
import { fitEncoder, numberOf, withNumber } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { readerOf } from '../test-draws.js'
import { nameMistake } from './named-mistake.js'
import type { Curve } from './number-reason.js'
import { answered } from './test-queries.js'

const features: readonly Feature[] = [
  { path: '$.load', type: 'numeric', optional: false },
  { path: '$.length', type: 'numeric', optional: false },
  { path: '$.heat', type: 'numeric', optional: false },
  { path: '$.at', type: 'cyclic', period: 'day', optional: false },
  { path: '$.route', type: 'categorical', optional: false },
]
const read = readerOf(features)
const ordinary = { load: 27, length: 905, heat: 21.37, at: '2026-03-04T09:00:00Z', route: 'coast line' }
const records = Array.from({ length: 600 }, (_, at) =>
  read({
    load: (at * 37) % 100,
    length: 900 + (at % 9),
    heat: 20 + Math.sin(at),
    at: `2026-03-${String(1 + (at % 28)).padStart(2, '0')}T09:${String(at % 60).padStart(2, '0')}:00Z`,
    route: at % 2 === 0 ? 'coast line' : 'hill line',
  }),
)
const { encoder } = await fitEncoder(features, records, { seed: 1, contamination: 0.01 })
const ORDINARY_NLL = 20

/** 5 nats if all fields are usual, and 60 more for each field that is not. */
function nllWithOddFields({ numbers, categories }: Fields): number {
  const [load, length, heat, at] = numbers as [number, number, number, number]
  const isOdd = [
    !(load >= 0 && load < 100),
    !(length >= 900 && length < 909),
    !(heat > 18 && heat < 22),
    new Date(at).getUTCHours() !== 9,
    !['coast line', 'hill line'].includes(categories[0]!),
  ]
  return 5 + 60 * isOdd.filter(Boolean).length
}

const SECOND = 1 / 3_600
/** Grids of load, length and heat, with the step of the column. */
const GRIDS = [
  Float64Array.from({ length: 200 }, (_, k) => k - 50),
  Float64Array.from({ length: 50 }, (_, k) => 880 + k),
  Float64Array.from({ length: 90 }, (_, k) => 15 + k / 10),
]

/** Nine o'clock, around which the grid of hours is fine. */
const NINE = numberOf(encoder, read(ordinary), 3)
const HOURS = Float64Array.from([
  ...Array.from({ length: 96 }, (_, k) => k / 4).filter((x) => Math.abs(x - NINE) > 1e-3),
  ...[-SECOND, 0, SECOND].map((apart) => NINE + apart),
]).sort()

function curvesOf(fields: Fields, nllOf: (fields: Fields) => number): ReadonlyMap<number, Curve> {
  return new Map(
    [...GRIDS, HOURS].map((grid, j) => {
      const nll = grid.map((x) => nllOf(withNumber(encoder, fields, j, x)))
      return [j, { grid, nll, usualNll: undefined, missingNll: undefined }]
    }),
  )
}

function nameOf(record: object, nllOf = nllWithOddFields) {
  const fields = read({ ...ordinary, ...record })
  const curves = curvesOf(fields, nllOf)
  return answered(nameMistake(encoder, { fields, nll: nllOf(fields) }, curves, ORDINARY_NLL), nllOf)
}

it.each<[object, string | undefined, string?]>([
  [{ length: 1_456 }, 'kilometres instead of miles', 'normal with length 905 instead of 1,456'],
  [{ length: 562 }, 'miles instead of kilometres'],
  [{ length: 905 * 60 }, 'seconds instead of minutes'],
  [{ length: 90_500 }, '100 times too large'],
  [{ length: -905 }, 'the sign is wrong'],
  [{ length: 950 }, 'two digits are transposed'],
  [{ length: 905, load: 905_000 }, undefined],
  [{ heat: 21.37 * 1.8 + 32 }, '°F instead of °C'],
  [{ load: 905, length: 27 }, 'load and length are swapped'],
  [{ route: 'Coast  line' }, 'route is misspelt', 'normal with route coast line instead of Coast  line'],
  [{ route: 'hil line' }, 'route is misspelt'],
])('%j: %s', async (record, name, text) => {
  const named = await nameOf(record)
  expect(named?.mistake?.name).toBe(name)
  if (text !== undefined) expect(named).toMatchObject({ text, nll: 5 })
  if (named) expect(named.mistake!.share).toBeGreaterThan(0.5)
})

it.each([
  ['the record is not an anomaly', {}],
  ['no mistake makes the record normal', { length: 1_111, load: 7_777 }],
])('names none where %s', async (_, record) => {
  expect(await nameOf(record)).toBeNull()
})

it('names a shift of whole hours if the usual time is narrow, such as a job that runs at nine to the second', async () => {
  const nllAtNine = ({ numbers }: Fields) => (numbers[3]! % 86_400_000 === 9 * 3_600_000 ? -10 : 65)
  expect((await nameOf({ at: '2026-03-04T16:00:00Z' }, nllAtNine))?.mistake?.name).toBe('the time is 7 h too late')
  expect(await nameOf({ at: '2026-03-04T16:03:00Z' }, nllAtNine)).toBeNull()
})

it('names none if several explain it equally well, such as when every other hour is normal', async () => {
  const nllByHour = ({ numbers }: Fields) => (new Date(numbers[3]!).getUTCHours() === 16 ? 65 : 5)
  expect(await nameOf({ at: '2026-03-04T16:00:00Z' }, nllByHour)).toBeNull()
})

it('names no unit for a whole number that is not a multiple of the factor, such as seconds that are not whole minutes', async () => {
  expect((await nameOf({ length: 905 * 60 + 1 }))?.mistake).toBeUndefined()
})

it('names none for a 0, such as that of a dead sensor (0 was °C instead of °F)', async () => {
  const nllNear32 = ({ numbers }: Fields) => (numbers[0]! > 31 && numbers[0]! < 35 ? 5 : 65)
  expect((await nameOf({ load: 1 }, nllNear32))?.mistake?.name).toBe('°C instead of °F')
  expect(await nameOf({ load: 0 }, nllNear32)).toBeNull()
})

/** Names the mistake of a category that is not among the known ones, which are usual. */
async function mistakeOf(note: string, known: readonly string[]) {
  const feature: Feature = { path: '$.note', type: 'categorical', optional: false }
  const noteOf = (note: string): Fields => ({ numbers: [], categories: [note] })
  const notes = Array.from({ length: 200 }, (_, at) => noteOf(known[at % known.length]!))
  const ofNotes = await fitEncoder([feature], notes, { seed: 1, contamination: 0 })
  const query = nameMistake(ofNotes.encoder, { fields: noteOf(note), nll: 65 }, new Map(), ORDINARY_NLL)
  return (await answered(query, ({ categories: [note] }) => (known.includes(note!) ? 5 : 65)))?.mistake?.name
}

it('compares values of the length of a message in linear time', async () => {
  const long = 'x'.repeat(400_000)
  expect(await mistakeOf(`${long}y`, [long, 'short'])).toBe('note is misspelt')
})

it('takes no code of one letter for a misspelt one (a snapshot r of Debezium was an update u, with 99 %)', async () => {
  expect(await mistakeOf('r', ['u', 'create'])).toBeUndefined()
})
