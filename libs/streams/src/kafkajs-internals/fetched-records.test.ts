import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordList } from './fetched-records.js'
import { UnreadableRecord } from './unreadable-record.js'

/** Batches of records whose offsets are 0, 1, 2 and so on. */
const batches = fc.array(fc.nat(4), { maxLength: 6 }).map((sizes) => {
  let offset = 0
  return sizes.map((size) =>
    Array.from({ length: size }, () => new UnreadableRecord({} as never, String(offset++), 'too large')),
  )
})

test('a list of batches equals the array of their records, in any order of access', () => {
  fc.assert(
    fc.property(batches, fc.array(fc.integer({ min: -30, max: 30 })), (own, indices) => {
      const list = new RecordList(own, () => {})
      const array = own.flat()
      expect(list).toHaveLength(array.length)
      for (const index of indices) expect(list.at(index)).toBe(array.at(index))
      expect([...list]).toEqual(array)
      expect([list[0], list[list.length - 1]]).toEqual([array[0], array.at(-1)])
      const isEven = ({ offset }: { readonly offset: string }) => Number(offset) % 2 === 0
      expect([...list.filter(isEven)]).toEqual(array.filter(isEven))
      expect(list.map(isEven)).toEqual(array.map(isEven))
      expect(list.some(isEven)).toBe(array.some(isEven))
    }),
  )
})
