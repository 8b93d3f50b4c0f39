import { describe, expect, it, vi } from 'vitest'
import { type FlowSpec, flowSpec } from '../flows/flow-state.js'
import { fitPosterior } from '../posterior/posterior.js'
import { seededRandom } from '../random.js'
import { openScorer } from '../scoring/scorer.js'
import { openBackend } from '../tensor/backend.js'
import { FIT_DEFAULTS, type FitSettings } from './fit-options.js'
import { train } from './train.js'

vi.setConfig({ testTimeout: 60_000 })
const backend = await openBackend('wasm')

const random = seededRandom(5, 'diverging')
// Mean 0 and deviation 1: the start of a fit, which standardises the rows, is the best Gaussian.
const rows = Float32Array.from({ length: 400 }, () => random.normal())
const settingsOf = (spec: FlowSpec, maxSteps: number): FitSettings => ({
  ...FIT_DEFAULTS,
  spec: { ...spec, layers: 2, hidden: [8] },
  noise: Float32Array.of(0.05, 0.05),
  maxSteps,
})

describe.each(['realnvp', 'glow', 'spline'] as const)('a diverging fit of a flow of kind %s', (kind) => {
  it.each([30, 1e4])('is reported and returns the starting flow, at a learning rate of %f', async (learningRate) => {
    const settings = settingsOf(flowSpec(kind, 2), 60)
    const start = await train({ rows }, { ...settings, maxSteps: 0 }, backend)
    const { flow, report } = await train({ rows }, { ...settings, learningRate }, backend)
    expect(report).toMatchObject({ stopped: 'diverged', bestStep: 0 })
    expect([...flow.weights]).toEqual([...start.flow.weights])
    const nllOf = async (state: typeof flow) => {
      const scorer = await openScorer(state)
      const nll = await scorer.nll(rows)
      await scorer.close()
      return nll.reduce((total, nats) => total + nats, 0) / 200
    }
    // ½·log 2πe per column.
    expect(await nllOf(flow)).toBeLessThan(2 * 1.419 + 0.1)
  })
})

it('does not report an overfit as divergence', async () => {
  const few = rows.slice(0, 60)
  const settings = {
    ...settingsOf(flowSpec('realnvp', 2), 300),
    noise: Float32Array.of(1e-3, 1e-3),
    learningRate: 3e-2,
  }
  const { report } = await train({ rows: few }, settings, backend)
  expect(report.validationNll.at(-1)).toBeGreaterThan(Math.min(...report.validationNll) + 1)
  expect(report.stopped).not.toBe('diverged')
})

it.each([30, 1e4])(
  'reports a diverging posterior and returns its start, at a learning rate of %f',
  async (learningRate) => {
    const spec = { ...flowSpec('realnvp', 2), layers: 2, hidden: [8] }
    const { report } = await fitPosterior(
      (theta, count) => ({
        logDensity: Array.from({ length: count }, (_, row) => {
          return -0.5 * ((theta[2 * row]! - 0.1) ** 2 + theta[2 * row + 1]! ** 2)
        }),
        gradient: theta.map((value, at) => (at % 2 === 0 ? 0.1 : 0) - value),
      }),
      { spec, seed: 1, maxSteps: 100, batchSize: 16, learningRate, backend: 'wasm' },
    )
    expect(report).toMatchObject({ stopped: 'diverged', bestStep: 0 })
    expect(report.effectiveShare).toBeGreaterThan(0.9)
  },
)
