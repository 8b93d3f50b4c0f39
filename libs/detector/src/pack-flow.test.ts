import { type FlowState, fitFlow, realNvpSpec } from '@outflow/flow'
import { beforeAll, expect, it } from 'vitest'
import { packFlow, unpackFlow } from './pack-flow.js'

let flow: FlowState
beforeAll(async () => {
  const rows = Float32Array.from({ length: 2 * 60 }, (_, at) => Math.sin(at * at))
  const spec = { ...realNvpSpec(2), layers: 1, hidden: [4], base: { kind: 'mixture', components: 2 } } as const
  flow = (await fitFlow({ rows }, { spec, maxSteps: 0, backend: 'wasm' })).flow
}, 60_000)

it('restores a flow, and null', () => {
  for (const given of [flow, null]) {
    const { texts, tensors } = packFlow(given)
    expect(unpackFlow(texts, tensors)).toEqual(given)
  }
})

it('throws for a flow that lacks a weight', () => {
  const { texts, tensors } = packFlow(flow)
  tensors.delete([...tensors.keys()].at(-1)!)
  expect(() => unpackFlow(texts, tensors)).toThrow('is missing')
})
