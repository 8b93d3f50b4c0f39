import { expect, it } from 'vitest'
import { ShapeError } from './errors.js'
import { openFlow } from './flow.js'
import { type FlowState, realNvpSpec } from './flow-state.js'
import { onEachBackend } from './on-each-backend.js'
import { checkFlow, unfittedFlow } from './real-nvp.js'

await onEachBackend('an unfitted flow', (backend) => {
  it.each([
    { dim: 5, contextDim: 0 },
    { dim: 3, contextDim: 4 },
    { dim: 1, contextDim: 0 },
  ])('is the identity, with $dim columns and $contextDim of context', async ({ dim, contextDim }) => {
    const flow = await openFlow(unfittedFlow(realNvpSpec(dim, contextDim), 3), backend)
    const rows = Float32Array.from({ length: 4 * dim }, (_, at) => Math.sin(at) * 3)
    const context = Float32Array.from({ length: 4 * contextDim }, (_, at) => Math.cos(at))
    const { latent, logDet } = await flow.forward(rows, context, 4)
    expect([...latent]).toEqual([...rows])
    expect([...logDet].every((nats) => nats === 0)).toBe(true)
    await flow.close()
  })
})

it('is the same for the same seed and another for another', () => {
  const numbers = (seed: number) =>
    [...unfittedFlow(realNvpSpec(3), seed).weights].map(([name, { data }]) => [name, [...data]])
  expect(numbers(1)).toEqual(numbers(1))
  expect(numbers(1)).not.toEqual(numbers(2))
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
