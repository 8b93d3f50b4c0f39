import { expect, it, vi } from 'vitest'
import { FitCancelled, NotFiniteError, ShapeError } from '../errors.js'
import { glowSpec, realNvpSpec, splineSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { sampleFlow } from '../scoring/sample.js'
import { fitPosterior, type LogDensity, type PosteriorOptions } from './posterior.js'

vi.setConfig({ testTimeout: 60_000 })

const options: PosteriorOptions = {
  spec: { ...realNvpSpec(2), layers: 2, hidden: [8] },
  seed: 1,
  maxSteps: 100,
  batchSize: 32,
  backend: 'wasm',
}

/** log N(θ; mean, 1) in every column, without its constant. */
const aGaussian =
  (mean: number): LogDensity =>
  (theta, count) => ({
    logDensity: Array.from({ length: count }, (_, row) => {
      const own = theta.subarray((row * theta.length) / count, ((row + 1) * theta.length) / count)
      return own.reduce((total, value) => total - 0.5 * (value - mean) ** 2, 0)
    }),
    gradient: theta.map((value) => mean - value),
  })

it('finds the posterior of a linear regression: mean and covariance within 2 %', async () => {
  const random = seededRandom(3, 'regression')
  const noise = 0.5
  const truth = [0.7, -1.2, 0.4]
  const inputs = Array.from({ length: 30 }, () => [1, random.normal(), 0.8 + 0.6 * random.normal()])
  const outputs = inputs.map((row) => dot(row, truth) + noise * random.normal())
  // Prior N(0, 1): precision A = I + XᵀX/σ², mean A⁻¹·Xᵀy/σ².
  const precision = truth.map((_, i) =>
    truth.map((_, j) => (i === j ? 1 : 0) + inputs.reduce((total, row) => total + row[i]! * row[j]!, 0) / noise ** 2),
  )
  const pulled = truth.map((_, i) => inputs.reduce((total, row, at) => total + row[i]! * outputs[at]!, 0) / noise ** 2)
  const covariance = inverseOf(precision)
  const mean = covariance.map((row) => dot(row, pulled))
  const density: LogDensity = (theta, count) => {
    const logDensity = new Float64Array(count)
    const gradient = new Float64Array(theta.length)
    for (let row = 0; row < count; row++) {
      const own = [...theta.subarray(3 * row, 3 * row + 3)]
      const residuals = inputs.map((input, at) => outputs[at]! - dot(input, own))
      logDensity[row] = -0.5 * dot(own, own) - (0.5 * dot(residuals, residuals)) / noise ** 2
      for (let i = 0; i < 3; i++) {
        const fit = inputs.reduce((total, input, at) => total + input[i]! * residuals[at]!, 0)
        gradient[3 * row + i] = fit / noise ** 2 - own[i]!
      }
    }
    return { logDensity, gradient }
  }
  const spec = { ...glowSpec(3), layers: 2, hidden: [8] }
  const { flow, report } = await fitPosterior(density, { ...options, spec, maxSteps: 800 })

  const count = 100_000
  const drawn = await sampleFlow(flow, { count, seed: 1 })
  const column = (index: number) => drawn.filter((_, at) => at % 3 === index)
  const columns = [0, 1, 2].map(column)
  const means = columns.map((values) => values.reduce((total, value) => total + value, 0) / count)
  for (let i = 0; i < 3; i++) {
    expect(Math.abs(means[i]! - mean[i]!)).toBeLessThan(0.02 * Math.sqrt(covariance[i]![i]!))
    for (let j = 0; j < 3; j++) {
      const found = columns[i]!.reduce((total, a, at) => total + (a - means[i]!) * (columns[j]![at]! - means[j]!), 0)
      const scale = Math.sqrt(covariance[i]![i]! * covariance[j]![j]!)
      expect(Math.abs(found / count - covariance[i]![j]!)).toBeLessThan(0.02 * scale)
    }
  }
  expect(report.effectiveShare).toBeGreaterThan(0.9)
})

it('fits a banana-shaped density: its samples follow the exact density', async () => {
  // a ~ N(0, 1), b | a ~ N(a² − 1, ½²), normalised: the log-evidence is 0.
  const constant = -Math.log(2 * Math.PI) - Math.log(0.5)
  const density: LogDensity = (theta, count) => {
    const logDensity = new Float64Array(count)
    const gradient = new Float64Array(2 * count)
    for (let row = 0; row < count; row++) {
      const a = theta[2 * row]!
      const off = (theta[2 * row + 1]! - a * a + 1) / 0.25
      logDensity[row] = constant - 0.5 * a * a - 0.5 * 0.25 * off * off
      gradient[2 * row] = -a + 2 * a * off
      gradient[2 * row + 1] = -off
    }
    return { logDensity, gradient }
  }
  const spec = { ...realNvpSpec(2), layers: 4, hidden: [24, 24] }
  const { flow, report } = await fitPosterior(density, { ...options, spec, maxSteps: 600, batchSize: 64 })

  expect(Math.abs(report.logEvidence)).toBeLessThan(0.05)
  expect(report.elbo.at(-1)!).toBeGreaterThan(-0.1)
  const drawn = await sampleFlow(flow, { count: 20_000, seed: 2 })
  const a = drawn.filter((_, at) => at % 2 === 0)
  const off = a.map((value, row) => (drawn[2 * row + 1]! - value * value + 1) / 0.5)
  expect(distanceToNormal(a)).toBeLessThan(0.03)
  expect(distanceToNormal(off)).toBeLessThan(0.03)
})

it('fits a spline flow to a shifted Gaussian', async () => {
  const spec = { ...splineSpec(2), layers: 2, hidden: [8] }
  const { report } = await fitPosterior(aGaussian(0.5), { ...options, spec, maxSteps: 150 })
  expect(report.elbo.at(-1)!).toBeGreaterThan(Math.log(2 * Math.PI) - 0.05)
  expect(report.logEvidence).toBeCloseTo(Math.log(2 * Math.PI), 1)
})

it('estimates the evidence above the bound, and a small effective share, where q is not the posterior', async () => {
  const { report } = await fitPosterior(aGaussian(1), { ...options, maxSteps: 1 })
  // KL(N(0, 1) ‖ N(1, 1)) is half a nat a column, and the mean of squared weights e a column.
  expect(report.elbo.at(-1)!).toBeLessThan(Math.log(2 * Math.PI) - 0.8)
  expect(Math.abs(report.logEvidence - Math.log(2 * Math.PI))).toBeLessThan(0.3)
  expect(Math.abs(report.effectiveShare - Math.exp(-2))).toBeLessThan(0.08)
})

it('starts at the given mean and deviation, far from the origin', async () => {
  const start = { mean: [1000, 1000], deviation: [1, 1] }
  const { report } = await fitPosterior(aGaussian(1000), { ...options, start, maxSteps: 50 })
  expect(report.effectiveShare).toBeGreaterThan(0.95)
})

it('reports progress, and can be cancelled', async () => {
  const cancel = new AbortController()
  const steps: number[] = []
  const fit = fitPosterior(aGaussian(0), {
    ...options,
    signal: cancel.signal,
    onProgress: ({ step }) => {
      steps.push(step)
      cancel.abort(new Error('cancelled'))
    },
  })
  await expect(fit).rejects.toThrow(FitCancelled)
  expect(steps).toEqual([50])
})

it('yields to the event loop after each step, so that other code can cancel it', async () => {
  const cancel = new AbortController()
  let calls = 0
  let turns = 0
  const takeTurn = () => {
    turns += 1
    if (turns === 20) cancel.abort(new Error('cancelled by other code'))
    else setImmediate(takeTurn)
  }
  setImmediate(takeTurn)
  const counted: LogDensity = (theta, count) => {
    calls += 1
    return aGaussian(0)(theta, count)
  }
  await expect(fitPosterior(counted, { ...options, signal: cancel.signal })).rejects.toThrow(FitCancelled)
  expect(calls).toBeLessThan(25)
})

it('keeps the best flow if the density stops being finite, and throws if it never is', async () => {
  let calls = 0
  const breaking: LogDensity = (theta, count) => {
    calls += 1
    const at = aGaussian(1)(theta, count) as { logDensity: number[]; gradient: Float64Array }
    return calls > 80 ? { ...at, gradient: at.gradient.fill(Number.NaN) } : at
  }
  const { report } = await fitPosterior(breaking, options)
  expect(report).toMatchObject({ stopped: 'diverged', bestStep: 50 })
  const nowhere: LogDensity = (theta, count) => ({
    logDensity: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    gradient: theta,
  })
  await expect(fitPosterior(nowhere, options)).rejects.toThrow(NotFiniteError)
})

it('throws for a context, a density of another shape, and a start with a deviation of 0', async () => {
  const start = { mean: [0, 0], deviation: [1, 0] }
  await expect(fitPosterior(aGaussian(0), { ...options, spec: realNvpSpec(2, 1) })).rejects.toThrow(ShapeError)
  await expect(fitPosterior(() => ({ logDensity: [1], gradient: [1] }), options)).rejects.toThrow(ShapeError)
  await expect(fitPosterior(aGaussian(0), { ...options, start })).rejects.toThrow(ShapeError)
})

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, at) => total + value * b[at]!, 0)
}

/** Inverse of a symmetric 3 × 3 matrix, by its cofactors. */
function inverseOf(matrix: readonly (readonly number[])[]): number[][] {
  const at = (i: number, j: number) => matrix[i % 3]![j % 3]!
  const cofactor = (i: number, j: number) => at(i + 1, j + 1) * at(i + 2, j + 2) - at(i + 1, j + 2) * at(i + 2, j + 1)
  const determinant = [0, 1, 2].reduce((total, j) => total + at(0, j) * cofactor(0, j), 0)
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => cofactor(j, i) / determinant))
}

/** Kolmogorov and Smirnov's distance of numbers to N(0, 1). */
function distanceToNormal(values: Float32Array): number {
  return values
    .slice()
    .sort()
    .reduce((worst, value, at) => Math.max(worst, Math.abs(normalBelow(value) - (at + 0.5) / values.length)), 0)
}

/** P(Z < z), by Abramowitz and Stegun's 26.2.17, accurate to 1e-7. */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const above = (Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)) * series
  return z >= 0 ? 1 - above : above
}
