import type { Feature } from '@outflow/contracts'
import { describe, expect, it } from 'vitest'
import { makeReader, rowFiller } from './reader.js'

const features: Feature[] = [
  { path: '$.delay', type: 'numeric', optional: false },
  { path: '$.route.origin', type: 'categorical', optional: false },
  { path: '$.legs[0].miles', type: 'numeric', optional: true },
  { path: '$.date', type: 'cyclic', period: 'day', optional: false },
]
const read = makeReader(features)
const record = { delay: 3, route: { origin: 'JFK' }, legs: [{ miles: '12.5' }], date: '2001-01-01T00:47:00Z' }

describe('the reader', () => {
  it('reads nested fields in the order of the feature list', () => {
    expect(read(record)).toEqual({ numbers: [3, 12.5, Date.UTC(2001, 0, 1, 0, 47)], categories: ['JFK'] })
  })

  it.each([null, '', 'NaN'])('keeps %j as a missing value', (missing) => {
    const fields = read({ ...record, delay: missing, route: { origin: missing }, date: missing })
    expect(fields).toEqual({ numbers: [Number.NaN, 12.5, Number.NaN], categories: [null] })
  })

  it('reads numbers and booleans as categories', () => {
    expect(read({ ...record, route: { origin: true } })).toMatchObject({ categories: ['true'] })
    expect(read({ ...record, route: { origin: 7 } })).toMatchObject({ categories: ['7'] })
  })

  it('reads the words for true and false, and nothing else, as booleans', () => {
    const readLate = makeReader([{ path: '$.late', type: 'boolean', optional: false }])
    const said = (late: unknown) => readLate({ late })
    for (const truth of [true, 1, '1', 'TRUE', ' yes', 't']) expect(said(truth)).toMatchObject({ categories: ['true'] })
    for (const lie of [false, 0, '0', 'False', 'no', 'N']) expect(said(lie)).toMatchObject({ categories: ['false'] })
    expect(said(null)).toMatchObject({ categories: [null] })
    for (const other of [2, 'late', {}, '']) {
      expect(said(other)).toEqual(other === '' ? said(null) : expect.objectContaining({ reason: 'wrong_type' }))
    }
  })

  it('reads the length of a list', () => {
    const readLength = makeReader([{ path: '$.legs.length', type: 'numeric', optional: true }])
    const lengths = [{ legs: [1, 2] }, { legs: [] }, { legs: '[{}]' }, { legs: 'long' }, {}]
    expect(lengths.map((legs) => readLength(legs))).toEqual(
      [2, 0, 1, Number.NaN, Number.NaN].map((length) => ({ numbers: [length], categories: [] })),
    )
  })

  it('resolves paths inside the JSON that a string contains', () => {
    const paths = ['$.payload.route.origin', '$.payload.miles', '$.list[1].n'] as const
    const readInside = makeReader(paths.map((path) => ({ path, type: 'categorical', optional: true })))
    const payload = JSON.stringify({ route: '{"origin":"JFK"}', miles: 12 })
    expect(readInside({ payload, list: ' [{}, {"n":3}]' })).toMatchObject({ categories: ['JFK', '12', '3'] })
    expect(readInside({ payload: '{"route":', list: '3' })).toMatchObject({ categories: [null, null, null] })
    expect(readInside({ payload: '"text"', list: '' })).toMatchObject({ categories: [null, null, null] })
  })

  it.each(['NA', 'n/a', ' NULL', 'None', 'nan', 'NaT', ' ', '<NA>', '\\N', '.', '..', '?', '-'])(
    'takes %j as a missing number or time, and as a category',
    (word) => {
      const fields = read({ ...record, delay: word, route: { origin: word }, date: word })
      expect(fields).toEqual({ numbers: [Number.NaN, 12.5, Number.NaN], categories: [word] })
    },
  )

  it.each([' 978310020000', '9.78310020e+11', '978310020.0 '])(
    'reads %j as an epoch time, as inference does',
    (date) => {
      expect(read({ ...record, date })).toMatchObject({ numbers: [3, 12.5, 978_310_020_000] })
    },
  )

  it('shortens a category of more than 500 letters', () => {
    const fields = read({ ...record, route: { origin: 'x'.repeat(400_000) } })
    expect(fields).toMatchObject({ categories: [expect.stringMatching(/^x{100}…sha256:[0-9a-f]{64}$/)] })
  })

  it('allows only an optional field to be absent', () => {
    expect(read({ ...record, legs: [] })).toMatchObject({ numbers: [3, Number.NaN, expect.any(Number)] })
    expect(read({ ...record, route: {} })).toEqual({ reason: 'missing_field', detail: '$.route.origin is absent' })
  })

  it.each([
    ['wrong_type', { delay: 'soon' }],
    ['wrong_type', { delay: '0x10' }],
    ['wrong_type', { delay: true }],
    ['wrong_type', { delay: Number.POSITIVE_INFINITY }],
    ['wrong_type', { delay: 1e301 }],
    ['wrong_type', { delay: [3] }],
    ['wrong_type', { route: { origin: { code: 'JFK' } } }],
    ['wrong_type', { date: false }],
    ['bad_timestamp', { date: '2001-02-30T00:00:00Z' }],
    ['bad_timestamp', { date: 'yesterday' }],
    ['bad_timestamp', { date: 9e20 }],
    ['bad_timestamp', { date: 0 }],
    ['bad_timestamp', { date: -978307200000 }],
  ])('rejects as %s: %j', (reason, change) => {
    expect(read({ ...record, ...change })).toMatchObject({ reason })
  })

  it.each([null, 3, 'text', []])('rejects the record %j', (whole) => {
    const fields = read(whole)
    expect('reason' in fields && fields.reason).toBe('wrong_type')
  })
})

describe('windowed features', () => {
  const window = { type: 'window', name: 'n', aggregate: 'count', over: '1h' } as const
  const list: Feature[] = [
    { path: '$.note', type: 'text', optional: false },
    window,
    { path: '$.paid', type: 'boolean', optional: false },
    { path: '$.delay', type: 'numeric', optional: false },
    { ...window, name: 'm', over: '1d' },
  ]
  const fields = makeReader(list)({ note: 'late again', paid: true, delay: 3 })

  it('are missing until they are filled in, each at its own index, with any features in between', () => {
    if ('reason' in fields) throw new Error(fields.detail)
    const measured = fields.numbers.length
    expect(fields.numbers.slice(measured - 3)).toEqual([Number.NaN, 3, Number.NaN])
    const filled = [...fields.numbers]
    rowFiller(list, [1, 0])(filled, 0, [7, 8])
    expect(filled).toEqual([...fields.numbers.slice(0, measured - 3), 8, 3, 7])
    rowFiller(list, [-1, 0])(filled, 0, [7])
    expect(filled.slice(measured - 3)).toEqual([Number.NaN, 3, 7])
  })
})

describe('hostile values', () => {
  const ok = makeReader([{ path: '$.ok', type: 'boolean', optional: false }])

  it.each([[{ toString: 1 }], [[1]], [['yes']], [{}], ['x'.repeat(100_000)]])(
    'issue 17.14: does not read %j as true or false',
    (value) => {
      expect(ok({ ok: value })).toMatchObject({ reason: 'wrong_type' })
    },
  )

  it.each([['1'.repeat(100_000)], [`${'1'.repeat(399)}x`], [`.${'1'.repeat(100_000)}e`], [' '.repeat(100_000)]])(
    'issue 17.15: rejects a long text in a numeric field, %#',
    (value) => {
      const amount = makeReader([{ path: '$.amount', type: 'numeric', optional: false }])
      // A quadratic pattern would exceed the test's time limit.
      for (let turn = 0; turn < 20; turn++) expect(amount({ amount: value })).toMatchObject({ reason: 'wrong_type' })
    },
  )

  it('issue 17.5: reads own keys only', () => {
    for (const key of ['constructor', 'toString', 'hasOwnProperty']) {
      const read = makeReader([{ path: `$.${key}`, type: 'categorical', optional: false }])
      expect(read({})).toMatchObject({ reason: 'missing_field' })
      expect(read({ [key]: 'x' })).toMatchObject({ categories: ['x'] })
    }
  })
})
