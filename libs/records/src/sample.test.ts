import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSample } from './sample.js'

const record = (topic: string, partition: number, offset: number) => ({
  topic,
  partition,
  offset: BigInt(offset),
})
type Sampled = ReturnType<typeof record>
const sampleOf = (records: readonly Sampled[], size: number, seed: number) => {
  const sample = makeSample(size, seed, (one: Sampled) => one)
  for (const one of records) sample.add(one)
  return sample.records()
}

describe('makeSample', () => {
  it('returns the same sample in any order of arrival of the partitions', () => {
    const records = Array.from({ length: 300 }, (_, index) => record('t', index % 3, Math.floor(index / 3)))
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 300 }), fc.nat(), (shuffled, seed) => {
        expect(sampleOf(shuffled, 20, seed)).toEqual(sampleOf(records, 20, seed))
      }),
      { numRuns: 30 },
    )
  })

  it('keeps every record up to its size, sorted by topic, partition and offset', () => {
    const records = [record('b', 0, 1), record('a', 1, 2 ** 40), record('a', 1, 3), record('a', 0, 9)]
    expect(sampleOf(records, 4, 1)).toEqual([records[3], records[2], records[1], records[0]])
  })

  it('gives every record the same probability', () => {
    // 2,000 seeds, 40 records, 10 kept: each is expected 500 times with a standard deviation of 19.4; five of them are tolerated.
    const records = Array.from({ length: 40 }, (_, offset) => record('t', offset % 2, offset))
    const kept = new Array<number>(40).fill(0)
    for (let seed = 0; seed < 2_000; seed++) {
      for (const { offset } of sampleOf(records, 10, seed)) kept[Number(offset)]! += 1
    }
    expect(Math.min(...kept)).toBeGreaterThan(500 - 97)
    expect(Math.max(...kept)).toBeLessThan(500 + 97)
  })
})
