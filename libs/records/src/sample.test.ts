import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Decay, makeSample } from './sample.js'

const record = (topic: string, partition: number, offset: number) => ({
  topic,
  partition,
  offset: BigInt(offset),
  timestampMs: 0,
})
type Sampled = ReturnType<typeof record>
const sampleOf = (records: readonly Sampled[], size: number, seed: number, decay?: Decay) => {
  const sample = makeSample(size, seed, (one: Sampled) => one, decay)
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

describe('makeSample with decay', () => {
  const HOUR = 3_600_000
  const NOW = 1_700_000_000_000
  const decay = { halfLifeMs: HOUR, fewest: 1, latestMs: NOW }
  const aged = (hours: number, offset: number): Sampled => ({
    ...record('t', offset % 2, offset),
    timestampMs: NOW - hours * HOUR,
  })
  const agedSample = (records: readonly Sampled[], size: number, seed: number, options = decay) =>
    sampleOf(records, size, seed, options)

  it('keeps half of the records one half-life old, a quarter of those two half-lives old, and in total the sum of the weights', () => {
    const records = [0, 1, 2].flatMap((hours) =>
      Array.from({ length: 4_000 }, (_, offset) => aged(hours, 10_000 * hours + offset)),
    )
    const kept = agedSample(records, 100_000, 1)
    expect(kept).toHaveLength(7_000)
    const share = (hours: number) => kept.filter(({ timestampMs }) => timestampMs === NOW - hours * HOUR).length / 4_000
    expect(share(0)).toBeGreaterThan(0.98)
    // The standard deviation is .008.
    expect(Math.abs(share(1) - 0.5)).toBeLessThan(0.03)
    expect(Math.abs(share(2) - 0.25)).toBeLessThan(0.03)
  })

  it('prefers newer records of a large window by their weights', () => {
    const records = Array.from({ length: 8_000 }, (_, offset) => aged(offset % 2, offset))
    const kept = agedSample(records, 300, 3)
    expect(kept).toHaveLength(300)
    const old = kept.filter(({ timestampMs }) => timestampMs < NOW).length
    // One third is expected, within three standard deviations of .027.
    expect(Math.abs(old / 300 - 1 / 3)).toBeLessThan(0.082)
  })

  it('does not depend on the order of arrival or on the time of sampling', () => {
    const records = Array.from({ length: 300 }, (_, offset) => aged((offset * 7) % 11, offset))
    fc.assert(
      fc.property(fc.shuffledSubarray(records, { minLength: 300 }), fc.nat(), fc.nat(), (shuffled, seed, laterMs) => {
        const later = { ...decay, latestMs: NOW + laterMs }
        expect(agedSample(shuffled, 40, seed, later)).toEqual(agedSample(records, 40, seed))
      }),
      { numRuns: 30 },
    )
  })

  it('keeps at least `fewest` records, and treats a time in the future as now', () => {
    const old = Array.from({ length: 50 }, (_, offset) => aged(100, offset))
    const ahead = { ...aged(0, 50), timestampMs: NOW + 1_000 * HOUR }
    expect(agedSample([...old, ahead], 100, 1, { ...decay, fewest: 30 })).toHaveLength(30)
    expect(agedSample([ahead, aged(0, 51), aged(0, 52)], 100, 1)).toHaveLength(3)
  })
})
