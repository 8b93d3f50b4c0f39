import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { sampleFlow } from './sample.js'
import { openScorer } from './scorer.js'

it('draws the same rows for the same seed, and others for another', async () => {
  const flow = unfittedFlow(realNvpSpec(3), 1)
  const draw = (seed: number) => sampleFlow(flow, { count: 5, seed })
  expect(await draw(1)).toEqual(await draw(1))
  expect(await draw(1)).not.toEqual(await draw(2))
})

it('draws rows by the mean, scale and density of the flow', async () => {
  const flow = unfittedFlow(realNvpSpec(2), 1)
  flow.weights.get('layers.0.actnorm.bias')!.data.set([-3, 2])
  flow.weights.get('layers.0.actnorm.logScale')!.data.set([1, -1])
  const rows = await sampleFlow(flow, { count: 4000, seed: 3 })
  const column = (index: number) => rows.filter((_, at) => at % 2 === index)
  const mean = (values: Float32Array) => values.reduce((total, value) => total + value, 0) / values.length
  expect(mean(column(0))).toBeCloseTo(3, 1)
  expect(mean(column(1))).toBeCloseTo(-2, 0)
  const scorer = await openScorer(flow)
  const nll = await scorer.nll(rows)
  await scorer.close()
  // Two columns of ½·log 2πe each; the log-scales cancel.
  expect(nll.reduce((total, value) => total + value, 0) / 4000).toBeCloseTo(2 * 1.419, 1)
})

it('throws for a context of another length', async () => {
  const flow = unfittedFlow(realNvpSpec(2, 3), 1)
  await expect(sampleFlow(flow, { context: new Float32Array(4), count: 2, seed: 1 })).rejects.toThrow(ShapeError)
})
