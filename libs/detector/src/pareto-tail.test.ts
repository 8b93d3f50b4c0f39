import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { describe, expect, it } from 'vitest'
import { fitParetoTail, tailPValue, tailQuantile, tailUpperLimit } from './pareto-tail.js'

const random = xoroshiro128plus(11)
const uniform = () => 1 - uniformFloat64(random)
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

/** Mean over calibration sets of the true share of anomalies at α, over α. */
function anomalyShareOver(alpha: number, rows: number, { draw, beyond }: Case): number {
  const sets = 80
  let sum = 0
  for (let set = 0; set < sets; set++) {
    const tail = fitParetoTail(Float64Array.from({ length: rows }, draw).sort())
    if (tail !== null) sum += beyond(tailQuantile(tail, alpha)) / alpha
  }
  return sum / sets
}

/** Quantiles of the exponential: a calibration set without chance. */
const exponential = (rows: number) => Float64Array.from({ length: rows }, (_, i) => -Math.log(1 - (i + 0.5) / rows))

describe('issue 17.6: extreme records in the calibration set', () => {
  const body = NORMAL[1]!
  const EXTREMES: Readonly<Record<string, () => number>> = {
    'are all the same': () => 2_079_554,
    'reach over several orders of magnitude': () => 10 ** (2 + 4 * uniform()),
    'are squares of normal deviates': () => 1e6 * Math.log(uniform()) ** 2,
  }
  const calibrationOf = (rows: number, extremes: number, draw: () => number) =>
    Float64Array.from({ length: rows }, (_, row) => (row < extremes ? draw() : body.draw())).sort()

  it.each(
    Object.entries(EXTREMES).flatMap(([name, draw]) =>
      [1, 5, 20].map((extremes) => ({ name: `${extremes} that ${name}`, extremes, draw })),
    ),
  )('leave the tail of the others as it is: $name', ({ extremes, draw }) => {
    const sets = 20
    let anomalyShare = 0
    for (let set = 0; set < sets; set++) {
      const tail = fitParetoTail(calibrationOf(2_160, extremes, draw), 0.01)!
      expect(tailPValue(tail, 2_079_554)).toBeLessThan(1e-6)
      // Their count stays in the p-value at the junction.
      expect(tail.junctionPValue).toBeCloseTo((2 + tail.beyond) / 2_161, 10)
      anomalyShare += body.beyond(tailQuantile(tail, 0.001)) / sets
    }
    expect(anomalyShare).toBeLessThan(1.05 * 0.001)
  })

  it('are left out of large sets, too: 217 of 24,000', () => {
    const tail = fitParetoTail(calibrationOf(24_000, 217, EXTREMES['are all the same']!), 0.01)!
    expect(tail.beyond).toBe(227)
    expect(tailPValue(tail, 2_079_554)).toBeLessThan(1e-12)
  })

  it('are left out up to the share that may be anomalies, give or take chance', () => {
    const calibration = calibrationOf(2_160, 80, EXTREMES['are all the same']!)
    expect(fitParetoTail(calibration, 0.01)).toBeNull()
    expect(fitParetoTail(calibration, 0.04)).not.toBeNull()
  })

  it('are not seen in ordinary sets, and seldom in sets of a heavy tail', () => {
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
  it.each(NORMAL)('flags at most what was asked for, far beyond 1 / n: $name', (one) => {
    for (const rows of [200, 2_000]) {
      for (const alpha of [1 / rows, 0.1 / rows, 0.01 / rows]) {
        expect(anomalyShareOver(alpha, rows, one), `${rows} rows, ${alpha}`).toBeLessThan(1.05)
      }
    }
  })

  it('flags about what was asked for where the tail is heavy', () => {
    for (const alpha of [2e-3, 2e-4]) {
      const share = anomalyShareOver(alpha, 2_000, HEAVY)
      expect(share).toBeGreaterThan(0.7)
      expect(share).toBeLessThan(1.3)
    }
  })

  it('begins where counting ends, and falls from there without ever reaching 0', () => {
    const tail = fitParetoTail(Float64Array.from({ length: 2_000 }, () => gamma(8)).sort())!
    expect(tail.junctionPValue).toBeCloseTo(12 / 2_001, 10)
    expect(tailPValue(tail, tail.junction + 1e-9)).toBeCloseTo(tail.junctionPValue, 10)
    const far = [1, 10, 100, 1e4, 1e7, 1e12].map((excess) => tailPValue(tail, tail.junction + excess))
    expect(tailUpperLimit(tail, tail.junction + 1e12)).toBeGreaterThan(0)
    expect(far.every((p, i) => p > 0 && (i === 0 || p <= far[i - 1]!))).toBe(true)
  })

  it.each([...NORMAL, HEAVY])(
    'has an upper limit that the truth exceeds in at most one of twenty: $name',
    ({ draw, beyond }) => {
      const sets = 200
      let exceeded = 0
      for (let set = 0; set < sets; set++) {
        const tail = fitParetoTail(Float64Array.from({ length: 1_000 }, draw).sort())
        if (tail === null) continue
        const at = tailQuantile(tail, 1e-4)
        if (beyond(at) > tailUpperLimit(tail, at)) exceeded += 1
      }
      // Of 200 at 5 %, 18 are exceeded once in forty times.
      expect(exceeded).toBeLessThanOrEqual(18)
    },
  )

  it('is refused where the largest record is not to be expected, which a Kolmogorov–Smirnov test does not see', () => {
    const calibration = exponential(2_000)
    expect(fitParetoTail(calibration)).not.toBeNull()
    expect(fitParetoTail(calibration.with(-1, 1e6))).toBeNull()
  })

  it('is not made of few records, of equal ones, or of steps', () => {
    const steps = Float64Array.from({ length: 3_000 }, (_, i) => Math.floor(Math.log2(i + 1)))
    for (const calibration of [new Float64Array(0), Float64Array.of(1, 2, 3), new Float64Array(500).fill(7), steps]) {
      expect(fitParetoTail(calibration)).toBeNull()
    }
  })
})
