import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { beginFdr, discover } from './online-fdr.js'

/** Means over seeded streams: the share of false discoveries, and the share of anomalies that were discovered. */
function simulate({
  fdr,
  share,
  strength,
  streams = 200,
}: {
  fdr: number
  share: number
  strength: number
  streams?: number
}) {
  const draws = seededDraws(7)
  const uniform = () => 1 - draws.uniform()
  let falseShare = 0
  let found = 0
  for (let stream = 0; stream < streams; stream++) {
    const isAnomaly = Array.from({ length: 3_000 }, () => uniform() < share)
    const { places } = discover(
      beginFdr(fdr),
      isAnomaly.map((anomaly) => (anomaly ? uniform() * 10 ** -strength : uniform())),
    )
    const wrong = places.filter((place) => !isAnomaly[place]).length
    falseShare += wrong / Math.max(1, places.length)
    found += (places.length - wrong) / Math.max(1, isAnomaly.filter(Boolean).length)
  }
  return { fdr: falseShare / streams, found: found / streams }
}

describe('online false-discovery control', () => {
  it.each([
    [0.1, 0.01, 6],
    [0.1, 0.05, 3],
    [0.2, 0.1, 3],
    [0.05, 0.02, 4],
  ])('keeps the false share at most %d where %d are anomalies', (fdr, share, strength) => {
    const seen = simulate({ fdr, share, strength })
    expect(seen.fdr).toBeLessThanOrEqual(fdr)
    expect(seen.found).toBeGreaterThan(0.1)
  })

  it('raises a false alarm in at most the configured share of streams without anomalies', () => {
    expect(simulate({ fdr: 0.1, share: 0, strength: 0, streams: 1_000 }).fdr).toBeLessThanOrEqual(0.1)
  })

  it('finds nearly all anomalies with very small p-values', () => {
    expect(simulate({ fdr: 0.1, share: 0.01, strength: 9 }).found).toBeGreaterThan(0.98)
  })

  it('has levels that sum to at most fdr × max(1, discoveries), for any p-values', () => {
    // A p-value of 0 is always a discovery, with which its level is returned; the levels of the others are lower.
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 300 }), (pValues) => {
        const { levels, places } = discover(beginFdr(0.1), pValues)
        expect(places).toHaveLength(pValues.filter((p) => p === 0).length)
        expect(levels.reduce((sum, level) => sum + level, 0)).toBeLessThanOrEqual(
          0.1 * Math.max(1, places.length) + 1e-12,
        )
      }),
    )
  })

  it('compares each p-value with the level of the definition: the first discovery earns α − w₀, every later one α', () => {
    const alpha = 0.1
    const gamma = (j: number) => (0.079 * Math.log(Math.max(j, 2))) / (j * Math.exp(Math.sqrt(Math.log(j))))
    const discoveries = [3, 10, 11, 500, 20_000]
    const pValues = Float64Array.from({ length: 20_000 }, (_, place) => (discoveries.includes(place + 1) ? 0 : 1))
    const expected = discoveries.map((t, count) => {
      const [first, ...later] = discoveries.slice(0, count)
      const ofFirst = first === undefined ? 0 : (alpha - alpha / 2) * gamma(t - first)
      return later.reduce((sum, tau) => sum + alpha * gamma(t - tau), (alpha / 2) * gamma(t) + ofFirst)
    })
    const { levels } = discover(beginFdr(alpha), pValues)
    for (const [index, level] of levels.entries()) expect(level).toBeCloseTo(expected[index]!, 12)
    expect(levels).toHaveLength(5)
  })

  it('is the same for any split of the stream into batches, with the state serialised between them', () => {
    const { uniform } = seededDraws(3)
    const pValues = Array.from({ length: 5_000 }, () => uniform() ** 4)
    const whole = discover(beginFdr(0.1), pValues)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), 5_000]
        const discovered: number[] = []
        let state = beginFdr(0.1)
        let from = 0
        for (const to of ends) {
          const part = discover(JSON.parse(JSON.stringify(state)), pValues.slice(from, to))
          discovered.push(...part.places.map((place) => from + place))
          state = part.state
          from = to
        }
        expect(discovered).toEqual(whole.places)
        expect(state).toEqual(whole.state)
      }),
      { numRuns: 20 },
    )
    expect(whole.state.later).toHaveLength(1_000)
  })

  it('has a first level of half the share times γ(1), and γ sums to between 0.99 and 1', () => {
    const [first] = discover(beginFdr(0.1), [0]).levels
    const gammaOne = first! / 0.05
    const unscaled = (j: number) => Math.log(Math.max(j, 2)) / (j * Math.exp(Math.sqrt(Math.log(j))))
    let sum = 0
    for (let j = 1; j <= 1_000_000; j++) sum += unscaled(j)
    // ∫ from J of log(j) / (j·e^√log j) dj, with u = √log j: 2·(u³ + 3u² + 6u + 6)·e^−u
    const u = Math.sqrt(Math.log(1_000_000.5))
    sum += 2 * (u ** 3 + 3 * u ** 2 + 6 * u + 6) * Math.exp(-u)
    const whole = (gammaOne * sum) / unscaled(1)
    expect(whole).toBeLessThanOrEqual(1)
    expect(whole).toBeGreaterThan(0.99)
  })
})
