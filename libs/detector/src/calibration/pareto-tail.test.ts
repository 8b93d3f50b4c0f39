import { describe, expect, it } from 'vitest'
import { seededDraws } from '../test-draws.js'
import { fitParetoTail, joinLater, tailPValue, tailQuantile, tailUpperLimit } from './pareto-tail.js'

const draws = seededDraws(11)
const uniform = () => 1 - draws.uniform()
/** Sum of `count` exponentials: the NLL of a Gaussian in twice as many dimensions, up to a constant. */
const gamma = (count: number) => {
  let sum = 0
  for (let k = 0; k < count; k++) sum -= Math.log(uniform())
  return sum
}
const gammaBeyond = (count: number) => (x: number) => {
  let term = 1
  let sum = 1
  for (let k = 1; k < count; k++) {
    term *= x / k
    sum += term
  }
  return Math.exp(-x) * sum
}

interface Case {
  readonly name: string
  readonly draw: () => number
  /** P(draw > x) */
  readonly beyond: (x: number) => number
}

const NORMAL: readonly Case[] = [
  { name: 'exponential', draw: () => -Math.log(uniform()), beyond: (x) => Math.exp(-x) },
  { name: 'Gaussian in 16 dimensions', draw: () => gamma(8), beyond: gammaBeyond(8) },
  { name: 'bounded', draw: () => 1 - uniform() ** 0.3, beyond: (x) => Math.max(0, 1 - x) ** (1 / 0.3) },
]
const HEAVY: Case = {
  name: 'Pareto of shape 0.3',
  draw: () => (uniform() ** -0.3 - 1) / 0.3,
  beyond: (x) => (1 + 0.3 * x) ** (-1 / 0.3),
}

/** Fits the tails of 80 calibration sets; returns the mean over them of the true share of anomalies at an α, over α. */
function anomalyShares(rows: number, { draw, beyond }: Case): (alpha: number) => number {
  const tails = Array.from({ length: 80 }, () => fitParetoTail(Float64Array.from({ length: rows }, draw).sort()))
  return (alpha) =>
    tails.reduce((sum, tail) => sum + (tail === null ? 0 : beyond(tailQuantile(tail, alpha)) / alpha), 0) / tails.length
}

/** Quantiles of the exponential: a calibration set without randomness. */
const exponential = (rows: number) => Float64Array.from({ length: rows }, (_, i) => -Math.log(1 - (i + 0.5) / rows))

describe('issue 17.6: extreme records in the calibration set', () => {
  const body = NORMAL[1]!
  const EXTREMES: Readonly<Record<string, () => number>> = {
    'are all the same': () => 2_079_554,
    'span several orders of magnitude': () => 10 ** (2 + 4 * uniform()),
    'are squares of exponential deviates': () => 1e6 * Math.log(uniform()) ** 2,
  }
  const calibrationOf = (rows: number, extremes: number, draw: () => number) =>
    Float64Array.from({ length: rows }, (_, row) => (row < extremes ? draw() : body.draw())).sort()

  it.each(
    Object.entries(EXTREMES).flatMap(([name, draw]) =>
      [1, 5, 20].map((extremes) => ({ name: `${extremes} that ${name}`, extremes, draw })),
    ),
  )('do not change the tail of the others: $name', ({ extremes, draw }) => {
    const sets = 20
    let anomalyShare = 0
    for (let set = 0; set < sets; set++) {
      const tail = fitParetoTail(calibrationOf(2_160, extremes, draw), 0.01)!
      expect(tailPValue(tail, 2_079_554)).toBeLessThan(1e-6)
      // The p-value at the junction still counts them.
      expect(tail.junctionPValue).toBeCloseTo((2 + tail.beyond) / 2_161, 10)
      anomalyShare += body.beyond(tailQuantile(tail, 0.001)) / sets
    }
    expect(anomalyShare).toBeLessThan(1.05 * 0.001)
  })

  it('are also left out of large sets: 217 of 24,000', () => {
    const tail = fitParetoTail(calibrationOf(24_000, 217, EXTREMES['are all the same']!), 0.01)!
    expect(tail.beyond).toBe(227)
    expect(tailPValue(tail, 2_079_554)).toBeLessThan(1e-12)
  })

  it('are left out up to the contamination and its random error', () => {
    const calibration = calibrationOf(2_160, 80, EXTREMES['are all the same']!)
    expect(fitParetoTail(calibration, 0.01)).toBeNull()
    expect(fitParetoTail(calibration, 0.04)).not.toBeNull()
  })

  it('are not found in normal sets, and rarely in a set with a heavy tail', () => {
    const leftOut = ({ draw }: Case) => {
      const tails = Array.from({ length: 300 }, () =>
        fitParetoTail(Float64Array.from({ length: 600 }, draw).sort(), 0.01),
      )
      return tails.filter((tail) => tail !== null && tail.beyond > 10).length
    }
    for (const one of NORMAL) expect(leftOut(one), one.name).toBe(0)
    expect(leftOut(HEAVY)).toBeLessThan(6)
  })
})

describe('a Pareto tail', () => {
  it.each(NORMAL)('gives at most the requested rate of anomalies, also far below 1 / n: $name', (one) => {
    for (const rows of [200, 2_000]) {
      const shareOver = anomalyShares(rows, one)
      for (const alpha of [1 / rows, 0.1 / rows, 0.01 / rows]) {
        expect(shareOver(alpha), `${rows} rows, ${alpha}`).toBeLessThan(1.05)
      }
    }
  })

  it('gives about the requested rate of anomalies if the tail is heavy', () => {
    const shareOver = anomalyShares(2_000, HEAVY)
    for (const alpha of [2e-3, 2e-4]) {
      const share = shareOver(alpha)
      expect(share).toBeGreaterThan(0.7)
      expect(share).toBeLessThan(1.3)
    }
  })

  it('continues the counted p-values, and decreases without reaching 0', () => {
    const tail = fitParetoTail(Float64Array.from({ length: 2_000 }, () => gamma(8)).sort())!
    expect(tail.junctionPValue).toBeCloseTo(12 / 2_001, 10)
    expect(tailPValue(tail, tail.junction + 1e-9)).toBeCloseTo(tail.junctionPValue, 10)
    const far = [1, 10, 100, 1e4, 1e7, 1e12].map((excess) => tailPValue(tail, tail.junction + excess))
    expect(tailUpperLimit(tail, tail.junction + 1e12)).toBeGreaterThan(0)
    expect(far.every((p, i) => p > 0 && (i === 0 || p <= far[i - 1]!))).toBe(true)
  })

  it('has no p-value below the smallest number that Postgres accepts', () => {
    const one = Float64Array.of(1)
    const ends = { junction: 0, junctionPValue: 0.001, beyond: 10 }
    const exponentialTail = { ...ends, shape: Float64Array.of(0), scale: one, weight: one }
    expect(tailPValue(exponentialTail, 1e7)).toBeGreaterThan(2.3e-308)
    expect(tailUpperLimit(exponentialTail, 1e7)).toBeGreaterThan(2.3e-308)
  })

  it.each([...NORMAL, HEAVY])(
    'has an upper limit that the true p-value exceeds in at most one of twenty sets: $name',
    ({ draw, beyond }) => {
      const sets = 200
      let exceeded = 0
      for (let set = 0; set < sets; set++) {
        const tail = fitParetoTail(Float64Array.from({ length: 1_000 }, draw).sort())
        if (tail === null) continue
        const at = tailQuantile(tail, 1e-4)
        if (beyond(at) > tailUpperLimit(tail, at)) exceeded += 1
      }
      // If each is exceeded with a probability of 5 %, more than 18 of 200 are with a probability of 0.6 %.
      expect(exceeded).toBeLessThanOrEqual(18)
    },
  )

  it('is rejected if the largest record is implausible, which a Kolmogorov–Smirnov test does not detect', () => {
    const calibration = exponential(2_000)
    expect(fitParetoTail(calibration)).not.toBeNull()
    expect(fitParetoTail(calibration.with(-1, 1e6))).toBeNull()
  })

  it('is null for few records, for equal ones, and for steps', () => {
    const steps = Float64Array.from({ length: 3_000 }, (_, i) => Math.floor(Math.log2(i + 1)))
    for (const calibration of [new Float64Array(0), Float64Array.of(1, 2, 3), new Float64Array(500).fill(7), steps]) {
      expect(fitParetoTail(calibration)).toBeNull()
    }
  })
})

it.each([NORMAL[1]!, HEAVY])('has the same ratios of p-values beyond a later junction: $name', ({ draw }) => {
  const calibration = Float64Array.from({ length: 2_000 }, draw).sort()
  const tail = fitParetoTail(calibration)!
  const later = joinLater(tail, calibration, 2)
  expect(later.junction).toBeGreaterThan(tail.junction)
  expect(tailPValue(later, later.junction)).toBeCloseTo(3 / 2_001, 12)
  for (const by of [0.01, 1, 10, 100]) {
    const survival = (own: typeof tail) => tailPValue(own, later.junction + by) / tailPValue(own, later.junction)
    expect(survival(later) / survival(tail)).toBeCloseTo(1, 9)
  }
})
