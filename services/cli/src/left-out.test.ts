import { expect, it } from 'vitest'
import { leftOutByReason } from './left-out.js'

it('states a reason once for all its fields, and cuts a long list of them', () => {
  const keys = Array.from({ length: 3_000 }, (_, at) => ({ path: `$.quantities.sku${at}`, why: 'in few records' }))
  expect(leftOutByReason([{ path: '$.a', why: 'always 1' }, ...keys, { path: '$.b', why: 'always 1' }])).toEqual([
    'a, b, always 1',
    expect.stringMatching(/^quantities\.sku0, .*, quantities\.sku4, 2,995 more, in few records$/),
  ])
})

it('cuts a long list of reasons (a table written by column was one record, and each value was printed as a constant)', () => {
  const fields = Array.from({ length: 3_000 }, (_, at) => ({ path: `$.price.${at}`, why: `always ${at}` }))
  expect(leftOutByReason(fields).at(-1)).toBe('2,980 other fields')
  expect(leftOutByReason(fields)).toHaveLength(21)
})
