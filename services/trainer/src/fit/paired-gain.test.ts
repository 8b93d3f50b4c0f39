import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { expect, test } from 'vitest'
import { pairedGain } from './paired-gain.js'

const NONE = { contamination: 0, seed: 1 }
const random = xoroshiro128plus(3)
const nlls = (count: number, shift = 0) =>
  Float64Array.from({ length: count }, () => 4 * uniformFloat64(random) + shift)

test('a log density that is half a nat higher everywhere gains half a nat, with a narrow interval', () => {
  const candidate = nlls(500)
  const gain = pairedGain(
    candidate,
    candidate.map((nll) => nll + 0.5),
    NONE,
  )
  expect(gain).toMatchObject({ records: 500 })
  for (const value of [gain.mean, gain.lower, gain.upper]) expect(value).toBeCloseTo(0.5)
})

test('the interval contains the true gain in about 95 of 100 cases', () => {
  let inside = 0
  for (let trial = 0; trial < 200; trial++) {
    const { lower, upper } = pairedGain(nlls(200), nlls(200, 0.1), { contamination: 0, seed: trial })
    if (lower <= 0.1 && 0.1 <= upper) inside += 1
  }
  expect(inside).toBeGreaterThan(178)
  expect(inside).toBeLessThan(199)
})

test('a higher nll of anomalies does not count against the candidate, but that of a normal record does', () => {
  const incumbent = nlls(1_000)
  incumbent.fill(50, 0, 10)
  const candidate = incumbent.slice().fill(5_000, 0, 10)
  expect(pairedGain(candidate, incumbent, { contamination: 0.01, seed: 1 }).mean).toBe(0)
  candidate.fill(5_000, 10, 20)
  expect(pairedGain(candidate, incumbent, { contamination: 0.01, seed: 1 }).upper).toBeLessThan(0)
})

test('issue 17: a record that is unlikely under only one of the densities counts, for or against the candidate', () => {
  const one = nlls(1_000)
  const other = one.slice().fill(5_000, 10, 20)
  // Ten of the 990 compared records, at 20 nats each.
  expect(pairedGain(other, one, { contamination: 0.01, seed: 1 }).mean).toBeCloseTo(-200 / 990)
  expect(pairedGain(one, other, { contamination: 0.01, seed: 1 }).mean).toBeCloseTo(200 / 990)
})

test('a single record does not decide the comparison', () => {
  const incumbent = nlls(1_000)
  const candidate = incumbent.slice()
  candidate[0] = 1e7
  expect(pairedGain(candidate, incumbent, NONE).mean).toBeCloseTo(-0.02)
})

test('the same seed gives the same interval', () => {
  const [a, b] = [nlls(100), nlls(100)]
  expect(pairedGain(a, b, NONE)).toEqual(pairedGain(a, b, NONE))
})
