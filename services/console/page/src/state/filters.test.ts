import { VERDICTS } from '@outflow/contracts/verdict'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  countFilters,
  type Filters,
  formatFilters,
  MAX_COLUMNS,
  NO_FILTERS,
  parseFilters,
  queryOf,
  SEVERITIES,
  SPANS,
  spanBetween,
} from './filters.js'

const words = fc.string({ unit: 'binary' })
const instants = fc.option(fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()))
const spans = fc.oneof(
  fc.constantFrom(...(Object.keys(SPANS) as (keyof typeof SPANS)[])).map((last) => ({ last })),
  fc.record({ from: instants, to: instants }),
)
const filters: fc.Arbitrary<Filters> = fc.record({
  pipeline: words,
  span: spans,
  key: words,
  field: words,
  severity: fc.constantFrom('' as const, ...SEVERITIES),
  verdict: fc.constantFrom('' as const, 'none' as const, ...VERDICTS),
  model: words,
  rarerThan: fc.option(fc.double({ min: 1, noNaN: true, noDefaultInfinity: true })),
  text: words,
  sort: fc.constantFrom('time' as const, 'bits' as const),
  columns: fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1 }), { maxLength: MAX_COLUMNS }),
  compare: fc.boolean(),
})

test('parseFilters returns the filters that formatFilters wrote', () => {
  fc.assert(
    fc.property(filters, (some) => {
      expect(parseFilters(formatFilters(some))).toEqual(some)
    }),
  )
})

test('any URL gives filters, whose URL gives the same filters', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webQueryParameters()), (search) => {
      const url = formatFilters(parseFilters(search))
      expect(formatFilters(parseFilters(url))).toBe(url)
    }),
  )
})

test('default filters give an empty search, and values that are not valid are ignored', () => {
  expect(formatFilters(NO_FILTERS)).toBe('')
  expect(parseFilters('?rarerThan=-3&verdict=maybe&severity=critical&sort=size&range=9y&from=yesterday')).toEqual(
    NO_FILTERS,
  )
})

test('a span up to now ends at the given time, and the query has the names of the API', () => {
  const some = parseFilters('?pipeline=flights&range=1h&model=abc&rarerThan=1,024')
  expect(queryOf(some, Date.UTC(2026, 0, 1, 12))).toMatchObject({
    pipeline: 'flights',
    from: '2026-01-01T11:00:00.000Z',
    to: null,
    modelId: 'abc',
    minBits: 10,
  })
})

test('a span around the latest time of a record ends there (the API refused the year 10000)', () => {
  const latest = '9999-12-31T23:59:59.999Z'
  expect(spanBetween(Date.parse(latest) - 1_000, Date.parse(latest) + 1_000).to).toBe(latest)
})

test('countFilters counts neither the pipeline nor the order, and a span once', () => {
  expect(countFilters(parseFilters('?pipeline=flights&sort=bits'))).toBe(0)
  expect(countFilters(parseFilters('?pipeline=flights&from=2026-01-01&to=2026-01-02&key=ATL&text=x'))).toBe(3)
})
