import { expect, test } from 'vitest'
import { mergeFresh } from './merge-fresh.js'

const items = (...ids: string[]) => ids.map((id) => ({ id }))

test('unknown items are new, in their order', () => {
  expect(mergeFresh(items('e', 'd', 'c'), items('c', 'b', 'a'))).toEqual(items('e', 'd'))
})

test('an item that arrived late is new although it is between known ones', () => {
  expect(mergeFresh(items('d', 'late', 'c'), items('d', 'c'))).toEqual(items('late'))
})

test('a page of known items gives no new ones', () => {
  expect(mergeFresh(items('b', 'a'), items('b', 'a'))).toEqual([])
  expect(mergeFresh([], items('a'))).toEqual([])
})

test('the first items of an empty list leave no gap', () => {
  expect(mergeFresh(items('b', 'a'), [])).toEqual(items('b', 'a'))
})

test('a page of new items only may have missed some', () => {
  expect(mergeFresh(items('z', 'y'), items('b', 'a'))).toBeNull()
})
