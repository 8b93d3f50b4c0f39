import { expect, test } from 'vitest'
import { fieldsOf } from './fields-of.js'

test('fields are named as in a path, without lists and keys that need quotes in a path', () => {
  const record = {
    delay: 7,
    route: { origin: 'LAX', legs: [1], deep: { miles: null } },
    'a.b': 1,
    legs: [{ miles: 1 }],
  }
  expect(fieldsOf(record)).toEqual(['delay', 'route.origin', 'route.deep.miles'])
  expect(fieldsOf('text')).toEqual([])
  expect(fieldsOf([1])).toEqual([])
})
