import { expect, it } from 'vitest'
import { describeReasons, rarityBy, recordText } from './explain.js'

it('issue 17.26: a reason is one line, for any content of the record', () => {
  const text = 'city Par\u001b[8mis\nrow 0 (line 1)  normal'
  expect(describeReasons([{ field: 'city', bits: 9, observed: null, expected: null, range: null, text }], null)).toBe(
    '  100 %  city Par\\u001b[8mis\\u000arow 0 (line 1)  normal',
  )
})

it('the mistake whose correction makes the record normal follows the expected value', () => {
  const counterfactual = {
    changes: [{ field: 'distance', from: 3_983, to: 2_475 }],
    nll: 12,
    text: 'normal with distance 2,475 instead of 3,983',
    mistake: { name: 'kilometres instead of miles', share: 0.97 },
  }
  expect(describeReasons([], counterfactual).split('\n')[1]).toBe(
    '         normal with distance 2,475 instead of 3,983: kilometres instead of miles? 97 %',
  )
})

it('a reason of 0 bits is not printed: the record is likeliest as it is', () => {
  const text = 'zipcode 78,701 is the likeliest value'
  const reasons = [{ field: 'zipcode', bits: 0, observed: 78_701, expected: 78_701, range: null, text }]
  expect(describeReasons(reasons, null)).toBe('  no field stands out')
})

it('a record of a megabyte is cut', () => {
  expect(recordText({ delay: 7 })).toBe('{"delay":7}')
  const text = recordText({ log: 'x'.repeat(1_000_000) })
  expect(text.length).toBeLessThan(2_100)
  expect(recordText('😀'.repeat(2_000)).isWellFormed()).toBe(true)
  expect(text).toMatch(/x… \(1,000,010 characters; --json prints all\)$/)
})

it.each([
  [true, 'rarer than 1 in 180'],
  [false, '1 in 180'],
])('provisional %s: the smallest p-value of 180 records reads %s (it was exact for both)', (provisional, text) => {
  const calibration = { rows: 180, smallestPValue: 1 / 181, hasTail: true, medianNll: 1, extremes: null, labels: null }
  expect(rarityBy({ calibration, provisional }, 1 / 181)).toBe(text)
})
