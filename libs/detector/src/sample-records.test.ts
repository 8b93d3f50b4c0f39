import { featureSchema } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import { type FlowState, fitFlow, realNvpSpec } from '@outflow/flow'
import { expect, it } from 'vitest'
import { sampleRecords } from './sample-records.js'

it('draws as many records from each flow, in turns', { timeout: 60_000 }, async () => {
  const features = [featureSchema.parse({ path: '$.x', type: 'numeric' })]
  const records = Array.from({ length: 100 }, (_, at) => ({ numbers: [Math.sin(at)], categories: [] }))
  const { encoder } = fitEncoder(features, records, { contamination: 0, seed: 1 })
  const { flow } = await fitFlow(
    { rows: new Float32Array(40) },
    { spec: { ...realNvpSpec(1), layers: 1, hidden: [4] }, maxSteps: 0, backend: 'wasm' },
  )
  /** A hundredth wide. */
  const around = (centre: number): FlowState => {
    const scalars = { bias: -centre, logScale: Math.log(100) }
    const actnorm = Object.entries(scalars).map(
      ([name, value]) => [`layers.0.actnorm.${name}`, { shape: [1], data: Float32Array.of(value) }] as const,
    )
    return { ...flow, weights: new Map([...flow.weights, ...actnorm]) }
  }
  const flows = [around(-1), around(0), around(1)]
  const sampled = (await sampleRecords({ encoder, flows }, 31, 1)) as { x: number }[]
  const { centre, scale } = encoder.numbers[0]!
  for (const [at, { x }] of sampled.entries()) expect((x - centre) / scale).toBeCloseTo((at % 3) - 1, 0)
})
