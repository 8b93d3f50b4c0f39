import { fitEncoder, numberOf } from '@outflow/encoding'
import { describe, expect, it } from 'vitest'
import { categoryInWords, numberInWords, show } from './reason-text.js'

const column = {
  name: 'distance',
  cycle: null,
  centre: 700,
  scale: 500,
  quantum: 1,
  usual: null,
  quantiles: Array.from({ length: 33 }, (_, k) => k * 100),
}
const day = { ...column, name: 'date', cycle: { period: 'day', cut: 0.125, startMs: 0 } as const }

describe('the text about a number', () => {
  it.each([
    [
      { observed: 3983, expected: 2475, range: [2474, 2476], group: 'LAX→JFK' },
      'distance 3,983 is far above the 2,475 of LAX→JFK',
    ],
    [
      { observed: 2463, expected: 2475, range: [2474, 2476], group: 'LAX→JFK' },
      'distance 2,463 is below the 2,475 of LAX→JFK',
    ],
    [
      { observed: 4260, expected: 0, range: [-10, 545], group: null },
      'distance 4,260 is far above the usual −10 to 545',
    ],
    [
      { observed: 20, expected: 0, range: [-10, 545], group: null },
      'distance 20 is unusual given the other fields; 0 is likelier',
    ],
    [
      { observed: -1.5e299, expected: 0, range: [-10, 545], group: null },
      'distance −1.5E299 is far below the usual −10 to 545',
    ],
    [
      { observed: 2.5, expected: 0, range: [-10, 545], group: null },
      'distance 2.5 is unusual given the other fields; 0 is likelier',
    ],
    [{ observed: Number.NaN, expected: 12, range: [0, 600], group: null }, 'distance is missing; 12 would be expected'],
  ] as const)('%j', (finding, text) => {
    expect(numberInWords(column, finding)).toBe(text)
  })

  it('issue 17.2: has enough digits to distinguish values whose deviation is small relative to them', () => {
    const quantiles = column.quantiles.map((_, k) => 1e7 + (k - 16) / 8)
    const fine = { ...column, name: 'x', centre: 1e7, scale: 1, quantum: 0, quantiles }
    const finding = { observed: 1e7 + 10, expected: 1e7, range: [1e7 - 1.62, 1e7 + 1.55], group: null } as const
    expect(numberInWords(fine, finding)).toBe('x 10,000,010 is far above the usual 9,999,998.38 to 10,000,001.6')
  })

  it.each([
    [1.2e-300, '1.2E−300'],
    [-4.56789e-7, '−4.568E−7'],
    [1e-6, '0.000001'],
    [0, '0'],
  ])('shows %d as %s (tiny numbers had hundreds of zeros)', (value, text) => {
    expect(show({ ...column, quantum: 0, centre: 0, scale: 1e-300 }, value)).toBe(text)
  })

  it('a number that is the likeliest value is not said to be odd', () => {
    const finding = { observed: 20, expected: 20, range: [-10, 545], group: null } as const
    expect(numberInWords(column, finding)).toBe('distance 20 is the likeliest value')
    expect(numberInWords(day, { ...finding, range: [3, 23] })).toBe('date 23:00 is the likeliest value')
  })

  it('states times of day if the column is one', () => {
    const finding = { observed: 0.2, expected: 9, range: [3, 18.5], group: null } as const
    expect(numberInWords(day, finding)).toBe('date 03:12 is outside the usual 06:00 to 21:30')
  })
})

describe('the text about a cyclic time', () => {
  /** @param texts  times of training, which determine where the cycle is cut */
  const shownBy = async (period: 'hour' | 'year', times: readonly string[]) => {
    const records = times.map((time) => ({ numbers: [Date.parse(time)], categories: [] }))
    const feature = { path: '$.at', type: 'cyclic', period, optional: false } as const
    const { encoder } = await fitEncoder([feature], records, { contamination: 0, seed: 1 })
    return records.map((fields) => show(encoder.numbers[0]!, numberOf(encoder, fields, 0)))
  }

  it.each([
    ['2025-12-31T23:00:00Z', 'Dec 31'],
    ['2024-12-31T12:00:00Z', 'Dec 31'],
    ['2025-07-01T00:00:00Z', 'Jul 1'],
    ['2025-01-01T00:00:00Z', 'Jan 1'],
  ])('states the day of the year %s', async (time, text) => {
    expect(await shownBy('year', [time])).toEqual([text])
  })

  it('states each minute of the hour', async () => {
    const minutes = Array.from({ length: 60 }, (_, minute) => minute)
    const times = minutes.map((minute) => new Date(Date.UTC(2025, 0, 1, 0, minute)).toISOString())
    expect(await shownBy('hour', times)).toEqual(minutes.map((minute) => `minute ${minute}`))
  })
})

describe('the text about a category', () => {
  it.each([
    [{ kind: 'pair', name: 'origin', value: 'JFK', seen: 0, of: 900 }, 'destination JFK is never seen with origin JFK'],
    [
      { kind: 'pair', name: 'origin', value: 'JFK', seen: null, of: 900 },
      'destination JFK equals origin, which is rare',
    ],
    [
      { kind: 'pair', name: 'origin', value: 'LAX', seen: 2, of: 1200 },
      'destination JFK is rarely seen with origin LAX (2 of 1,200)',
    ],
    [{ kind: 'rare', seen: 3, of: 18000 }, 'destination JFK is rare (3 of 18,000)'],
    [{ kind: 'unseen' }, 'destination JFK was never seen before'],
    [{ kind: 'common' }, 'destination JFK does not fit the other fields; BOS would'],
  ] as const)('%j', (evidence, text) => {
    expect(categoryInWords('destination', 'JFK', evidence, 'BOS')).toBe(text)
  })
})

it('a category that is the likeliest value is not said to be odd', () => {
  expect(categoryInWords('destination', 'JFK', { kind: 'common' }, 'JFK')).toBe(
    'destination JFK is the likeliest value',
  )
})

it('characters of a value that turn or break the rest of the text are shown as escapes', () => {
  expect(categoryInWords('note', 'a\u202eb\u0007\n', { kind: 'unseen' }, 'y')).toBe(
    'note a\\u202eb\\u0007\\u000a was never seen before',
  )
})

it('a long value is cut', () => {
  const text = categoryInWords('note', 'x'.repeat(900_000), { kind: 'unseen' }, 'y')
  expect(text).toBe(`note ${'x'.repeat(80)}… was never seen before`)
})
