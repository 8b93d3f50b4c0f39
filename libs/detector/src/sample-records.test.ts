import { featureSchema } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import { fitFlow, realNvpSpec } from '@outflow/flow'
import { expect, it } from 'vitest'
import { sampleRecords } from './sample-records.js'

it('draws records from the density, in their own units', { timeout: 60_000 }, async () => {
  const features = [featureSchema.parse({ path: '$.x', type: 'numeric' })]
  const records = Array.from({ length: 100 }, (_, at) => ({ numbers: [500 + 20 * Math.sin(at)], categories: [] }))
  const { encoder, rows } = await fitEncoder(features, records, { contamination: 0, seed: 1 })
  const spec = { ...realNvpSpec(1), layers: 1, hidden: [4], base: { kind: 'mixture', components: 1 } } as const
  const { flow } = await fitFlow({ rows }, { spec, maxSteps: 0, backend: 'wasm' })
  const sampled = (await sampleRecords({ encoder, flow }, 2000, 1)) as { x: number }[]
  const mean = sampled.reduce((sum, { x }) => sum + x, 0) / 2000
  // The mean of 500 + 20 sin(t), to four standard errors.
  expect(Math.abs(mean - 500)).toBeLessThan(2)
  const isWithin = (reach: number) => sampled.filter(({ x }) => Math.abs(x - mean) < reach).length / 2000
  expect(isWithin(5)).toBeLessThan(0.5)
  expect(isWithin(50)).toBeGreaterThan(0.99)
})

it('draws only categories if there are no numbers', async () => {
  const features = [featureSchema.parse({ path: '$.c', type: 'categorical' })]
  const records = Array.from({ length: 40 }, (_, at) => ({ numbers: [], categories: [at % 4 === 0 ? 'a' : 'b'] }))
  const { encoder } = await fitEncoder(features, records, { contamination: 0, seed: 1 })
  const sampled = (await sampleRecords({ encoder, flow: null }, 100, 1)) as { c: string }[]
  expect(new Set(sampled.map(({ c }) => c))).toEqual(new Set(['a', 'b']))
})
