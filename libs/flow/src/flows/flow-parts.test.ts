import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import type { Numbers } from '../tensor/rows.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { checkFlow, unfittedFlow } from './flow-parts.js'
import { type FlowSpec, type FlowState, flowSpec, glowSpec, realNvpSpec, splineSpec } from './flow-state.js'

const SIZES = [
  { dim: 5, contextDim: 0 },
  { dim: 3, contextDim: 4 },
  { dim: 1, contextDim: 0 },
]

await onEachBackend('an unfitted flow', () => {
  const forwardOf = (spec: FlowSpec) => {
    const { dim, contextDim } = spec
    const rows = Float32Array.from({ length: 4 * dim }, (_, at) => Math.sin(at) * 3)
    const context = Float32Array.from({ length: 4 * contextDim }, (_, at) => Math.cos(at))
    return { rows, ...trainableFlow(unfittedFlow(spec, 3)).exact({ rows, context }) }
  }

  it.each(SIZES)('is the identity, with $dim columns and $contextDim of context', ({ dim, contextDim }) => {
    const { rows, latent, logDet } = forwardOf(realNvpSpec(dim, contextDim))
    expect([...latent]).toEqual([...rows])
    expect([...logDet].every((nats) => nats === 0)).toBe(true)
  })

  it.each(SIZES)('is a rotation if it has linear mixing, $dim columns', ({ dim, contextDim }) => {
    const length = (values: Numbers, row: number) => Math.hypot(...values.subarray(row * dim, (row + 1) * dim))
    for (const spec of [glowSpec(dim, contextDim), { ...splineSpec(dim, contextDim), tailBound: 2 }]) {
      const { rows, latent, logDet } = forwardOf(spec)
      for (let row = 0; row < 4; row++) {
        expect(length(latent, row)).toBeCloseTo(length(rows, row), 4)
        expect(logDet[row]).toBeCloseTo(0, 4)
      }
    }
  })
})

it('is equal for equal seeds and different for different seeds', () => {
  for (const kind of ['realnvp', 'glow', 'spline'] as const) {
    const numbers = (seed: number) =>
      [...unfittedFlow(flowSpec(kind, 3), seed).weights].map(([name, { data }]) => [name, [...data]])
    expect(numbers(1)).toEqual(numbers(1))
    expect(numbers(1)).not.toEqual(numbers(2))
  }
})

it('names the weight that is missing, misshapen, foreign or not finite', () => {
  const flow = unfittedFlow(realNvpSpec(2), 1)
  const changed = (
    change: (weights: Map<string, { shape: readonly number[]; data: Float32Array }>) => void,
  ): FlowState => {
    const weights = new Map(flow.weights)
    change(weights)
    return { ...flow, weights }
  }
  const refusals = [
    changed((weights) => weights.delete('layers.0.actnorm.bias')),
    changed((weights) => weights.set('layers.0.actnorm.bias', { shape: [3], data: new Float32Array(3) })),
    changed((weights) => weights.set('layers.0.actnorm.bias', { shape: [2], data: Float32Array.of(1, Number.NaN) })),
    changed((weights) => weights.set('layers.99.actnorm.bias', { shape: [2], data: new Float32Array(2) })),
  ]
  for (const refused of refusals) {
    expect(() => checkFlow(refused)).toThrow(ShapeError)
    expect(() => checkFlow(refused)).toThrow(/layers\.(0|99)\.actnorm\.bias/)
  }
  expect(checkFlow(flow)).toBe(flow)
})
