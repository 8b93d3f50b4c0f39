import { type FlowState, fitFlow, realNvpSpec } from '@outflow/flow'
import { beforeAll, expect, it } from 'vitest'
import { packFlows, unpackFlows } from './pack-flows.js'

const rows = Float32Array.from({ length: 2 * 60 }, (_, at) => Math.sin(at * at))
let flows: readonly FlowState[]
beforeAll(async () => {
  const spec = { ...realNvpSpec(2), layers: 1, hidden: [4] }
  const start = async (wanted: typeof spec, seed: number) =>
    (await fitFlow({ rows }, { spec: wanted, seed, maxSteps: 0, backend: 'wasm' })).flow
  flows = [
    await start(spec, 1),
    await start({ ...spec, base: { kind: 'mixture', components: 2 } }, 2),
    await start(spec, 3),
  ]
}, 60_000)

it.each([0, 1, 2, 3])('gives %i flows back as they were, each with its own spec and weights', (count) => {
  const { texts, tensors } = packFlows(flows.slice(0, count))
  expect(unpackFlows(texts, tensors)).toEqual(flows.slice(0, count))
})

it('says nothing of further flows where there is one', () => {
  const { texts, tensors } = packFlows(flows.slice(0, 1))
  expect(Object.keys(texts)).toEqual(['flow_spec', 'flow_shapes'])
  expect([...tensors.keys()].every((name) => name.startsWith('flow.'))).toBe(true)
})

it('refuses a flow that misses a weight', () => {
  const { texts, tensors } = packFlows(flows)
  const last = [...tensors.keys()].at(-1)!
  tensors.delete(last)
  expect(() => unpackFlows(texts, tensors)).toThrow('is missing')
})
