import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { InferenceSession, Tensor } from '../scoring/onnx-runtime.js'
import { openBackend } from '../tensor/backend.js'
import { someMixtureBase } from '../training/mixture/test-mixture.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { toOnnx } from './onnx.js'

await openBackend('wasm')

const rows = Float32Array.of(0.5, -1, 2, 0, 0.1, 0.2)
const context = Float32Array.of(1, -1)

const BASES = {
  normal: { base: undefined, weights: new Map() },
  mixture: someMixtureBase(3, 3),
} as const

it.each([
  ['float32', 'normal'],
  ['float64', 'normal'],
  ['float32', 'mixture'],
  ['float64', 'mixture'],
] as const)('exports a graph in %s that others can run by its names, the base %s', async (precision, kind) => {
  const { base, weights } = BASES[kind]
  const unfitted = unfittedFlow({ ...realNvpSpec(3, 1), ...(base && { base }) }, 1)
  const flow = { ...unfitted, weights: new Map([...unfitted.weights, ...weights]) }
  flow.weights.get('layers.0.actnorm.logScale')!.data.set([0.3, -0.2, 0.1])
  for (const layer of [0, 3, 7]) flow.weights.get(`layers.${layer}.conditioner.2.weight`)!.data.fill(0.01)
  const session = await InferenceSession.create(toOnnx(flow, precision))
  expect(session.inputNames).toEqual(['row', 'context'])
  expect(session.outputNames).toEqual(['nll', 'latent', 'log_det'])

  const outputs = await session.run({
    row: new Tensor('float32', rows, [2, 3]),
    context: new Tensor('float32', context, [2, 1]),
  })

  expect(outputs.nll!.type).toBe(precision)
  expect(outputs.nll!.dims).toEqual([2])
  expect(outputs.latent!.dims).toEqual([2, 3])
  const expected = trainableFlow(flow).exact({ rows, context }).nll
  Array.from(outputs.nll!.data as Float64Array).forEach((nll, row) => {
    expect(nll).toBeCloseTo(expected[row]!, 5)
  })
  await session.release()
})

it('leaves out couplings that are the identity', async () => {
  const flow = unfittedFlow(realNvpSpec(3), 1)
  flow.weights.get('layers.0.actnorm.logScale')!.data.set([0.3, -0.2, 0.1])
  const bytes = toOnnx(flow)
  const session = await InferenceSession.create(bytes)
  const { nll, log_det } = await session.run({ row: new Tensor('float32', rows, [2, 3]) })
  await session.release()
  const expected = trainableFlow(flow).exact({ rows }).nll
  Array.from(nll!.data as Float32Array).forEach((nats, row) => {
    expect(nats).toBeCloseTo(expected[row]!, 5)
  })
  Array.from(log_det!.data as Float32Array).forEach((nats) => {
    expect(nats).toBeCloseTo(0.2, 6)
  })

  flow.weights.get('layers.3.conditioner.2.bias')!.data[0] = 0.01
  const hiddenLayerBytes = 4 * 32 * 32
  expect(toOnnx(flow).length).toBeGreaterThan(bytes.length + hiddenLayerBytes)
})

it('has no input for a context if the flow has none', async () => {
  const session = await InferenceSession.create(toOnnx(unfittedFlow(realNvpSpec(2), 1)))
  expect(session.inputNames).toEqual(['row'])
  await session.release()
})

it('gives the same bytes for the same flow', () => {
  const flow = unfittedFlow(realNvpSpec(2), 1)
  expect(toOnnx(flow)).toEqual(toOnnx(flow))
})

it('throws for a flow that lacks a weight', () => {
  const flow = unfittedFlow(realNvpSpec(2), 1)
  const weights = new Map(flow.weights)
  weights.delete('layers.7.mask')
  expect(() => toOnnx({ ...flow, weights })).toThrow(ShapeError)
})
