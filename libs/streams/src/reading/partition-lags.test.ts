import { expect, test } from 'vitest'
import { partitionLags } from './partition-lags.js'

const ends = [
  { topic: 'b', partition: 0, earliest: 5n, end: 20n },
  { topic: 'a', partition: 1, earliest: 0n, end: 7n },
  { topic: 'a', partition: 0, earliest: 2n, end: 9n },
]

test('lag counts from the stored offset, sorted by topic and partition', () => {
  const stored = [
    { topic: 'a', partition: 0, nextOffset: 4n },
    { topic: 'a', partition: 1, nextOffset: 7n },
    { topic: 'b', partition: 0, nextOffset: 19n },
  ]
  expect(partitionLags(ends, stored, 'latest')).toEqual([
    { topic: 'a', partition: 0, end: 9n, offset: 4n, lag: 5n },
    { topic: 'a', partition: 1, end: 7n, offset: 7n, lag: 0n },
    { topic: 'b', partition: 0, end: 20n, offset: 19n, lag: 1n },
  ])
})

test('the lag of a partition without a stored offset counts from its first offset to read', () => {
  expect(partitionLags(ends, [], 'earliest').map(({ lag }) => lag)).toEqual([7n, 7n, 15n])
  expect(partitionLags(ends, [], 'latest').map(({ lag }) => lag)).toEqual([0n, 0n, 0n])
})

test('the lag of a partition added to a topic counts from its first record, also with from: latest', () => {
  const stored = [{ topic: 'a', partition: 0, nextOffset: 9n }]
  expect(partitionLags(ends, stored, 'latest').map(({ lag }) => lag)).toEqual([0n, 7n, 0n])
})

test('records deleted by retention do not count as lag', () => {
  const [lag] = partitionLags([ends[0]!], [{ topic: 'b', partition: 0, nextOffset: 1n }], 'earliest')
  expect(lag).toMatchObject({ offset: 5n, lag: 15n })
})

test('the lag of a topic that was created again counts from its first record (it was negative)', () => {
  const [lag] = partitionLags([ends[0]!], [{ topic: 'b', partition: 0, nextOffset: 3_000n }], 'earliest')
  expect(lag).toMatchObject({ offset: 5n, lag: 15n })
})
