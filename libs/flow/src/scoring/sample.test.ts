import { expect, it } from 'vitest'
import { ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { sampleFlow } from './sample.js'

// The first test: the backend of the process is not open yet.
it('the first draws of a process may be concurrent (the second one failed: the backend had not been initialized)', async () => {
  const flow = unfittedFlow(realNvpSpec(3), 1)
  const [first, second] = await Promise.all([1, 1].map((seed) => sampleFlow(flow, { count: 5, seed })))
  expect(first).toEqual(second)
})

it('draws the same rows for the same seed, and others for another', async () => {
  const flow = unfittedFlow(realNvpSpec(3), 1)
  const draw = (seed: number) => sampleFlow(flow, { count: 5, seed })
  expect(await draw(1)).toEqual(await draw(1))
  expect(await draw(1)).not.toEqual(await draw(2))
})

it('throws for a context of another length', async () => {
  const flow = unfittedFlow(realNvpSpec(2, 3), 1)
  await expect(sampleFlow(flow, { context: new Float32Array(4), count: 2, seed: 1 })).rejects.toThrow(ShapeError)
})
