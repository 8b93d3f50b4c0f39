import { expect, it } from 'vitest'
import { describeReasons } from './explain.js'

it('issue 17.26: a reason stays on its line, whatever the record has', () => {
  const text = 'city Par\u001b[8mis\nrow 0 (line 1)  normal'
  expect(describeReasons([{ field: 'city', bits: 9, observed: null, expected: null, range: null, text }], null)).toBe(
    '  100 %  city Par\\u001b[8mis\\u000arow 0 (line 1)  normal',
  )
})
