import { expect, test } from 'vitest'
import { mergeFresh } from './merge-fresh.js'

const items = (...ids: string[]) => ids.map((id) => ({ id }))
const page = (...ids: string[]) => ({ items: items(...ids), next: 'more' })

test('unknown items are new, in their order', () => {
  expect(mergeFresh(page('e', 'd', 'c'), items('c', 'b', 'a'))).toEqual(items('e', 'd'))
})

test('an item that arrived late is new although it is between known ones', () => {
  expect(mergeFresh(page('d', 'late', 'c'), items('d', 'c'))).toEqual(items('late'))
})

test('a page of known items gives no new ones', () => {
  expect(mergeFresh(page('b', 'a'), items('b', 'a'))).toEqual([])
  expect(mergeFresh({ items: [], next: null }, items('a'))).toEqual([])
})

test('the first items of an empty list leave no gap', () => {
  expect(mergeFresh(page('b', 'a'), [])).toEqual(items('b', 'a'))
})

test('a page of new items only may have missed some, unless it is the last one', () => {
  expect(mergeFresh(page('z', 'y'), items('b', 'a'))).toBeNull()
  expect(mergeFresh({ items: items('z', 'y'), next: null }, items('b', 'a'))).toEqual(items('z', 'y'))
})
