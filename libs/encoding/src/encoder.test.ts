import type { Feature } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleCategories } from './categories/sample-categories.js'
import { decodeRecords } from './decode.js'
import { encodeBatch } from './encode.js'
import { contextDim, rowDim } from './encoder.js'
import { fitEncoder } from './fit-encoder.js'
import { packEncoder, unpackEncoder } from './pack-encoder.js'

const features: Feature[] = [
  { path: '$.flight.distance', type: 'numeric', optional: false },
  { path: '$.delay', type: 'numeric', optional: false },
  { path: '$.flight.from', type: 'categorical', optional: false },
  { path: '$.flight.to', type: 'categorical', optional: false },
  { path: '$.date', type: 'cyclic', period: 'day', optional: false },
]
const read = makeReader(features)
const AIRPORTS = 'ABCDEFGH'

/** Flights whose distance follows from the route, in either direction. */
function aFlight(k: number) {
  const a = (k * 7) % 8
  const b = (a + 1 + ((k * 5) % 7)) % 8
  return {
    flight: { distance: 100 + 37 * Math.abs(a - b) + 11 * (a + b), from: AIRPORTS[a]!, to: AIRPORTS[b]! },
    delay: k % 11 === 0 ? null : ((k * 13) % 40) - 10,
    date: new Date(Date.UTC(2001, 0, 1, 6 + (k % 16), (k * 17) % 60)).toISOString(),
  }
}

function fieldsOf(record: unknown): Fields {
  const fields = read(record)
  if ('reason' in fields) throw new Error(fields.detail)
  return fields
}

const records = Array.from({ length: 800 }, (_, k) => aFlight(k))
const fitted = await fitEncoder(features, records.map(fieldsOf), { contamination: 0.01, seed: 1 })
const { encoder } = fitted

describe('the encoder', () => {
  it('decodes an encoded record to the same record, with times of day on the last day seen', () => {
    fc.assert(
      fc.property(fc.nat(2000), (k) => {
        const record = aFlight(k)
        const { ids, rows } = encodeBatch(encoder, [fieldsOf(record)])
        expect(decodeRecords(encoder, ids, rows, 1)).toEqual([record])
      }),
    )
  })

  it('decodes quantities on a log scale and booleans to the same values', async () => {
    const some: Feature[] = [
      { path: '$.paid', type: 'numeric', scale: 'log', optional: false },
      { path: '$.full', type: 'boolean', optional: false },
    ]
    const bookings = Array.from({ length: 400 }, (_, k) => ({
      paid: Math.round(10 ** ((k % 40) / 8)),
      full: k % 3 === 0,
    }))
    const fields = bookings.map((booking) => makeReader(some)(booking) as Fields)
    const own = (await fitEncoder(some, fields, { contamination: 0, seed: 1 })).encoder
    const { ids, rows } = encodeBatch(own, fields)
    expect(decodeRecords(own, ids, rows, 400)).toEqual(bookings)
  })

  it('measures a number from the median of the group that determines it', () => {
    const { rows } = encodeBatch(encoder, records.map(fieldsOf))
    const distances = rows.filter((_, index) => index % rowDim(encoder) === 0)
    expect(Math.max(...distances.map(Math.abs))).toBeLessThan(1e-5)
  })

  it.each(['linear', 'log'] as const)(
    'predicts the distance of an unseen route from the seen ones, on a %s scale',
    async (scale) => {
      const some = features.map(
        (own): Feature => (own.type === 'numeric' && own.path === '$.flight.distance' ? { ...own, scale } : own),
      )
      const at = (name: string) => [(name.charCodeAt(0) * 37) % 100, (name.charCodeAt(0) * 61) % 40] as const
      const far = (from: string, to: string) =>
        Math.round(20 * Math.hypot(at(from)[0] - at(to)[0], at(from)[1] - at(to)[1]))
      const names = 'ABCDEFGHIJKLMNOPQRST'
      const routes = [...names].flatMap((from, i) => [...names.slice(i + 1)].map((to) => [from, to] as const))
      const isNew = (k: number) => k % 7 === 0
      const flights = Array.from({ length: 300 }, (_, k) => (k * 31) % routes.length).filter((k) => !isNew(k))
      const flown = flights.map((k, n) => ({ ...aFlight(n), flight: routeOf(routes[k]!) }))
      function routeOf([from, to]: readonly [string, string]) {
        return { distance: far(from, to), from, to }
      }
      const own = (await fitEncoder(some, flown.map(fieldsOf), { contamination: 0.01, seed: 1 })).encoder
      expect(own.places).toHaveLength(1)
      const fresh = routes.filter((_, k) => isNew(k)).map((route) => ({ ...aFlight(0), flight: routeOf(route) }))
      const { rows } = encodeBatch(own, fresh.map(fieldsOf))
      const errors = fresh.map((_, n) => Math.abs(rows[n * rowDim(own)]!)).sort((a, b) => a - b)
      expect(errors[errors.length >> 1]).toBeLessThan(0.05)
      expect(unpackEncoder(packEncoder(own)).places).toEqual(own.places)
    },
  )

  it('reduces the noise with the remaining spread within groups, down to its minimum', () => {
    const [distance, delay] = encoder.noise
    expect(distance).toBeLessThan(0.02)
    expect(delay).toBeGreaterThan(0.03)
  })

  it('gives a training row the context of the other folds, and zeros if they have no such record', async () => {
    const lonely = { ...aFlight(0), flight: { distance: 5000, from: 'Y', to: 'Z' } }
    const { context, encoder: own } = await fitEncoder(features, [...records, lonely].map(fieldsOf), {
      contamination: 0,
      seed: 1,
    })
    const unseen = encodeBatch(own, [fieldsOf({ ...lonely, flight: { ...lonely.flight, from: 'V', to: 'W' } })])
    const width = contextDim(own)
    expect(context.slice(-width)).toEqual(unseen.context)
  })

  it('counts missing and unseen values', () => {
    const odd = fieldsOf({ flight: { distance: null, from: 'Q', to: 'A' }, delay: 'NaN', date: '2001-01-01T10:00:00Z' })
    const { missing, unseen, rows, addedNll } = encodeBatch(encoder, [odd])
    expect({ missing, unseen }).toEqual({ missing: 2, unseen: 1 })
    expect([...rows.subarray(0, 2)]).toEqual([0, 0])
    expect(Number.isFinite(addedNll[0])).toBe(true)
  })

  it('is unchanged by packing and unpacking', () => {
    const again = unpackEncoder(packEncoder(encoder))
    const batch = [...records, { ...aFlight(1), flight: { distance: 3, from: 'A', to: 'A' } }].map(fieldsOf)
    expect(encodeBatch(again, batch)).toEqual(encodeBatch(encoder, batch))
  })

  it('lets timers and I/O run between its parts (it blocked a trainer for as long as the heartbeat may be late)', async () => {
    let turns = 0
    const count = () => {
      turns += 1
      counting = setImmediate(count)
    }
    let counting = setImmediate(count)
    const { encoder: own } = await fitEncoder(features, records.map(fieldsOf), { contamination: 0.01, seed: 1 })
    clearImmediate(counting)
    expect(turns).toBeGreaterThan(own.numbers.length + own.groupings.length)
  })

  it('is the same for the same seed and records', async () => {
    const again = await fitEncoder(features, records.map(fieldsOf), { contamination: 0.01, seed: 1 })
    expect(again.rows).toEqual(fitted.rows)
    expect(again.context).toEqual(fitted.context)
  })

  it('draws only known categories, about as often as they occur', () => {
    const ids = sampleCategories(encoder.tree, 2000, 5)
    expect(Math.min(...ids)).toBeGreaterThan(0)
    const share = records.filter(({ flight }) => flight.from === 'A').length / records.length
    const first = encoder.tree.vocabularies[0]!.ids.get('A')
    const categories = encoder.tree.parents.length
    const drawn = ids.filter((id, index) => index % categories === 0 && id === first).length / 2000
    expect(drawn).toBeCloseTo(share, 1)
  })

  it.each<[string, Feature[], Record<string, unknown>[]]>([
    ['only numbers', [features[1]!], records],
    ['only categories', [features[2]!, features[3]!], records],
    ['one constant column', [features[1]!], records.map((record) => ({ ...record, delay: 4 }))],
    ['a column that is always missing', [features[1]!], records.map((record) => ({ ...record, delay: null }))],
    ['one record', features, records.slice(0, 1)],
  ])('encodes %s', async (_, some, rows) => {
    const reader = makeReader(some)
    const fields = rows.map((record) => reader(record) as Fields)
    const { encoder: own, context } = await fitEncoder(some, fields, { contamination: 0.01, seed: 1 })
    const encoded = encodeBatch(own, fields)
    expect([...context, ...encoded.rows, ...encoded.context, ...encoded.addedNll].every(Number.isFinite)).toBe(true)
    expect(encoded.rows.length).toBe(rows.length * rowDim(own))
  })
})
