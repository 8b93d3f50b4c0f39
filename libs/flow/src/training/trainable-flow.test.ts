import { memory } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { unfittedFlow } from '../flows/flow-parts.js'
import { flowSpec, realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import { someMixtureBase } from './mixture/test-mixture.js'
import { type Batch, type TrainableFlow, trainableFlow } from './trainable-flow.js'

const COUNT = 40

await onEachBackend('a trainable flow', () => {
  it.each([
    { kind: 'realnvp', dim: 3, contextDim: 2 },
    { kind: 'realnvp', dim: 4, contextDim: 0 },
    { kind: 'realnvp', dim: 1, contextDim: 2 },
    { kind: 'realnvp', dim: 1, contextDim: 0 },
    { kind: 'glow', dim: 4, contextDim: 2 },
    { kind: 'glow', dim: 1, contextDim: 0 },
    { kind: 'spline', dim: 4, contextDim: 2 },
    { kind: 'spline', dim: 1, contextDim: 0 },
    { kind: 'spline', dim: 2, contextDim: 0, base: { kind: 'mixture', components: 1 } },
    { kind: 'realnvp', dim: 3, contextDim: 2, base: { kind: 'mixture', components: 3 } },
    { kind: 'glow', dim: 4, contextDim: 2, base: { kind: 'mixture', components: 2 } },
  ] as const)('has the gradient of its loss: $kind, $dim columns, $contextDim of context, base $base', (sizes) => {
    const { kind, dim, contextDim } = sizes
    const base = 'base' in sizes ? { base: sizes.base } : {}
    const spec = { ...flowSpec(kind, dim, contextDim), ...base, layers: 2, hidden: [6] }
    const unfitted = unfittedFlow(spec, 1)
    const ofBase = spec.base?.kind === 'mixture' ? someMixtureBase(spec.base.components, dim).weights : new Map()
    const flow = trainableFlow({ spec, weights: new Map([...unfitted.weights, ...ofBase]) })
    const random = seededRandom(2, 'test')
    const normals = (length: number) => Float32Array.from({ length }, () => random.normal())
    flow.parameters.set(normals(flow.parameters.length).map((weight) => 0.3 * weight))
    const batch = { rows: normals(COUNT * dim), context: normals(COUNT * contextDim) }
    const weigh = () => new Float32Array(COUNT).fill(1 / COUNT)

    const { gradient } = flow.lossAndGradient(batch, weigh)

    const here = flow.parameters.slice()
    const direction = normals(here.length)
    const lossAt = (step: number) => {
      flow.parameters.set(here.map((weight, at) => weight + step * direction[at]!))
      return [...flow.nll(batch)].reduce((total, nll) => total + nll, 0) / COUNT
    }
    // Short enough to cross few kinks of a ReLU, long enough for three digits of a slope between float32 losses.
    const numeric = (lossAt(3e-4) - lossAt(-3e-4)) / 6e-4
    const analytic = gradient.reduce((total, slope, at) => total + slope * direction[at]!, 0)
    expect(Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))).toBeLessThan(5e-3)
  })

  it.each(['realnvp', 'glow', 'spline'] as const)(
    'computes a step independently of the steps before it: %s',
    (kind) => {
      const start = unfittedFlow({ ...flowSpec(kind, 4, 2), layers: 2, hidden: [6] }, 1)
      const random = seededRandom(3, 'test')
      const normals = (length: number) => Float32Array.from({ length }, () => random.normal())
      const parameters = normals(trainableFlow(start).parameters.length).map((weight) => 0.3 * weight)
      const batches = [9, 5, 9].map((count) => ({ rows: normals(count * 4), context: normals(count * 2) }))
      const stepOf = (flow: TrainableFlow, batch: Batch) => flow.lossAndGradient(batch, (nll) => nll.map(() => 1))
      const moved = (): TrainableFlow => {
        const flow = trainableFlow(start)
        flow.parameters.set(parameters)
        return flow
      }
      const one = moved()
      expect(batches.map((batch) => stepOf(one, batch))).toEqual(batches.map((batch) => stepOf(moved(), batch)))
    },
  )

  it('frees all tensors', () => {
    const flow = trainableFlow(unfittedFlow(realNvpSpec(3, 2), 1))
    const batch = { rows: new Float32Array(12).fill(0.5), context: new Float32Array(8) }
    const before = memory().numTensors
    flow.lossAndGradient(batch, (nll) => nll.map(() => 0.25))
    flow.nll(batch)
    expect(memory().numTensors).toBe(before)
  })
})
