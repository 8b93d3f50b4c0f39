import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WindowRecord } from './delivery.js'
import { makeSample } from './sample.js'

const record = (topic: string, partition: number, offset: number): WindowRecord => ({
  topic,
  partition,
  offset: BigInt(offset),
  timestampMs: 0,
  key: null,
  value: null,
  headers: {},
})
const sampleOf = (records: readonly WindowRecord[], size: number, seed: number) => {
  const sample = makeSample(size, seed)
  for (const one of records) sample.add(one)
  return sample.records()
}

describe('makeSample', () => {
  it('gives the same sample in whatever order the partitions arrive', () => {
    const records = Array.from({ length: 300 }, (_, index) => record('t', index % 3, Math.floor(index / 3)))
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 300 }), fc.nat(), (shuffled, seed) => {
        expect(sampleOf(shuffled, 20, seed)).toEqual(sampleOf(records, 20, seed))
      }),
      { numRuns: 30 },
    )
  })

  it('keeps everything while there is room, by topic, partition and offset', () => {
    const records = [record('b', 0, 1), record('a', 1, 2 ** 40), record('a', 1, 3), record('a', 0, 9)]
    expect(sampleOf(records, 4, 1)).toEqual([records[3], records[2], records[1], records[0]])
  })

  it('holds copies, not the fetch responses that the records came in', () => {
    const response = Buffer.alloc(1024 ** 2, 'x')
    const view = { ...record('t', 0, 1), value: response.subarray(0, 5), headers: { h: response.subarray(5, 6) } }
    const [kept] = sampleOf([view], 1, 1)
    response.fill('y')
    expect(String(kept!.value)).toBe('xxxxx')
    expect(String(kept!.headers.h)).toBe('x')
  })

  it('gives every record the same chance', () => {
    // 2,000 seeds, 40 records, 10 kept: each is expected 500 times with a deviation of 19.4; five of them are allowed.
    const records = Array.from({ length: 40 }, (_, offset) => record('t', offset % 2, offset))
    const kept = new Array<number>(40).fill(0)
    for (let seed = 0; seed < 2_000; seed++) {
      for (const { offset } of sampleOf(records, 10, seed)) kept[Number(offset)]! += 1
    }
    expect(Math.min(...kept)).toBeGreaterThan(500 - 97)
    expect(Math.max(...kept)).toBeLessThan(500 + 97)
  })
})
