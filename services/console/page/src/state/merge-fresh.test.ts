import { expect, test } from 'vitest'
import { mergeFresh } from './merge-fresh.js'

const items = (...ids: string[]) => ids.map((id) => ({ id }))

test('what was not there before is new, in its order', () => {
  expect(mergeFresh(items('e', 'd', 'c'), items('c', 'b', 'a'))).toEqual(items('e', 'd'))
})

test('a record that came late stands among known ones, and is new all the same', () => {
  expect(mergeFresh(items('d', 'late', 'c'), items('d', 'c'))).toEqual(items('late'))
})

test('nothing new is nothing', () => {
  expect(mergeFresh(items('b', 'a'), items('b', 'a'))).toEqual([])
  expect(mergeFresh([], items('a'))).toEqual([])
})

test('the first that come to an empty list leave no gap', () => {
  expect(mergeFresh(items('b', 'a'), [])).toEqual(items('b', 'a'))
})

test('a page of new ones alone may have skipped some', () => {
  expect(mergeFresh(items('z', 'y'), items('b', 'a'))).toBeNull()
})
