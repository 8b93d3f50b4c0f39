import { beforeAll, describe, expect, it, vi } from 'vitest'
import { NotFiniteError } from '../errors.js'
import { flowSpec, realNvpSpec, splineSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { type Backend, openBackend } from '../tensor/backend.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import { FIT_DEFAULTS, type Fit, type FitSettings } from './fit-options.js'
import { train } from './train.js'
import { trainableFlow } from './trainable-flow.js'

/** A curved ridge: x₀ normal, x₁ its square with little noise, both about standardised; [count, 2]. */
function aBanana(count: number, seed = 1): Float32Array {
  const random = seededRandom(seed, 'banana')
  const rows = new Float32Array(count * 2)
  for (let row = 0; row < count; row++) {
    const bend = random.normal()
    rows[2 * row] = bend
    rows[2 * row + 1] = (bend * bend - 1) / 1.5 + 0.3 * random.normal()
  }
  return rows
}

const settings: FitSettings = {
  ...FIT_DEFAULTS,
  spec: { ...realNvpSpec(2), layers: 4, hidden: [32, 32] },
  noise: Float32Array.of(0.05, 0.05),
  maxSteps: 400,
  patience: 400,
  batchSize: 128,
}

/** For tests that do not depend on the size of the network. */
const small: FitSettings = { ...settings, spec: { ...realNvpSpec(2), layers: 2, hidden: [8] }, maxSteps: 150 }

// A fit takes a second, and many on a busy machine.
const PATIENCE_MS = 180_000
vi.setConfig({ testTimeout: PATIENCE_MS })

await onEachBackend('training', (name) => {
  let backend: Backend
  let fit: Fit
  beforeAll(async () => {
    backend = await openBackend(name)
    fit = await train({ rows: aBanana(2000) }, settings, backend)
  }, PATIENCE_MS)

  it('lowers the NLL of held-out rows well below that of a Gaussian', async () => {
    const { trainNll, validationNll, atSteps, bestStep, stopped } = fit.report
    expect(validationNll.at(-1)!).toBeLessThan(validationNll[0]! - 0.3)
    expect(trainNll).toHaveLength(atSteps.length)
    expect(fit.report.bestNll).toBe(Math.min(...validationNll))
    expect(bestStep).toBeGreaterThan(100)
    expect(stopped).toBe('maxSteps')
    const nll = trainableFlow(fit.flow).nll({ rows: aBanana(2000, 2) })
    // A Gaussian of these moments has 2.75 nats; the ridge itself log 2πe + log .3 = 1.63.
    expect(nll.reduce((total, value) => total + value, 0) / 2000).toBeLessThan(2)
  })

  it('gives the same weights for the same seed, and others for another', async () => {
    const short = { ...small, maxSteps: 20 }
    const data = { rows: aBanana(300) }
    const weightsOf = async (seed: number) => [
      ...(await train(data, { ...short, seed }, backend)).flow.weights.values(),
    ]
    expect(await weightsOf(5)).toEqual(await weightsOf(5))
    expect(await weightsOf(5)).not.toEqual(await weightsOf(6))
  })
})

describe('the recipe', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend('wasm')
  })
  const meanNll = ({ flow }: Fit, rows: Float32Array, context = new Float32Array(0)) => {
    const { nll } = trainableFlow(flow).exact({ rows, context })
    return nll.reduce((total, value) => total + value, 0) / nll.length
  }

  it('learns how a row depends on its context', async () => {
    const random = seededRandom(4, 'groups')
    const context = Float32Array.from({ length: 1000 }, () => (random.uniform() < 0.5 ? -1 : 1))
    const rows = context.map((sign) => sign + 0.1 * random.normal())
    const spec = { ...small.spec, dim: 1, contextDim: 1 }
    const fit = await train({ rows, context }, { ...settings, spec, noise: Float32Array.of(0.02) }, backend)
    const swapped = context.map((sign) => -sign)
    expect(meanNll(fit, rows, context)).toBeLessThan(0)
    expect(meanNll(fit, rows, swapped)).toBeGreaterThan(20)
  })

  it('fits one column without a context by its mean and deviation', async () => {
    const random = seededRandom(6, 'one column')
    const rows = Float32Array.from({ length: 1000 }, () => 3 + 2 * random.normal())
    const spec = { ...small.spec, dim: 1 }
    const fit = await train({ rows }, { ...small, spec, noise: Float32Array.of(0.05) }, backend)
    // log σ + ½·log 2πe
    expect(meanNll(fit, rows)).toBeCloseTo(Math.log(2) + 1.419, 1)
  })

  it('models a coordinate that is missing in every row as standard normal', async () => {
    const rows = aBanana(1000)
    const observed = Uint8Array.from(rows, (_, at) => (at + 1) % 2)
    const garbage = rows.map((value, at) => (at % 2 === 1 ? 1e3 : value))
    const fit = await train({ rows: garbage, observed }, small, backend)
    const asScored = rows.map((value, at) => (at % 2 === 1 ? 0 : value))
    // The rest is one standard normal column, and ½·log 2π for the missing one.
    expect(meanNll(fit, asScored)).toBeCloseTo(1.419 + 0.919, 1)
  })

  it.each(['glow', 'spline'] as const)('fits a flow of the kind %s', async (kind) => {
    const spec = { ...flowSpec(kind, 2), layers: 4, hidden: [16] }
    const fit = await train({ rows: aBanana(1000) }, { ...small, spec, maxSteps: 200 }, backend)
    expect(meanNll(fit, aBanana(1000, 2))).toBeLessThan(2.5)
  })

  it('separates the modes of one column with a spline flow', async () => {
    const random = seededRandom(9, 'modes')
    const rows = Float32Array.from({ length: 1000 }, (_, row) => (row % 2 === 0 ? -1 : 1) + 0.2 * random.normal())
    const spec = { ...splineSpec(1), layers: 2, hidden: [4] }
    const settings = { ...small, spec, noise: Float32Array.of(0.02), maxSteps: 300 }
    const fit = await train({ rows }, settings, backend)
    // The entropy is log 2 + log .2 + ½·log 2πe, half a nat; a Gaussian of these moments has 1.44.
    expect(meanNll(fit, rows)).toBeLessThan(1.1)
  })

  it('trims contamination out of the gradient', async () => {
    const random = seededRandom(7, 'contamination')
    const rows = Float32Array.from({ length: 2000 }, (_, at) =>
      at < 1900 ? random.normal() : 6 + 0.1 * random.normal(),
    )
    const data = { rows }
    const contaminants = rows.slice(1900)
    const trimmed = await train(data, { ...small, trim: 0.05 }, backend)
    const untrimmed = await train(data, small, backend)
    expect(meanNll(trimmed, contaminants)).toBeGreaterThan(meanNll(untrimmed, contaminants))
  })

  it('keeps the best snapshot and reports divergence when a loss is not finite', async () => {
    // One row overflows the network; with this seed it is a training row, so a batch of the first pass contains it.
    const context = Float32Array.from({ length: 1000 }, (_, row) => (row === 0 ? 3e38 : 0))
    const spec = { ...small.spec, contextDim: 1 }
    const fit = await train({ rows: aBanana(1000), context }, { ...small, spec }, backend)
    expect(fit.report.stopped).toBe('diverged')
    expect(fit.report.steps).toBeLessThan(small.maxSteps!)
    expect(meanNll(fit, aBanana(10), new Float32Array(10))).toBeLessThan(10)
  })

  it('throws when the starting flow has no finite likelihood', async () => {
    const context = new Float32Array(100).fill(3e38)
    const spec = { ...small.spec, contextDim: 1 }
    await expect(train({ rows: aBanana(100), context }, { ...small, spec }, backend)).rejects.toThrow(NotFiniteError)
  })

  it('stops after `patience` steps without an improvement', async () => {
    const random = seededRandom(8, 'nothing to learn')
    const rows = Float32Array.from({ length: 200 }, () => random.normal())
    const fit = await train({ rows }, { ...small, patience: 50, maxSteps: 2000 }, backend)
    expect(fit.report.stopped).toBe('patience')
    // The weights never improve on the start, which is a Gaussian; a better average alone does not continue the fit.
    expect(fit.report.steps).toBe(50)
    expect(fit.report.bestStep).toBe(50)
  })
})
