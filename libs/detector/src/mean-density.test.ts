import fc from 'fast-check'
import { expect, it } from 'vitest'
import { meanDensity } from './mean-density.js'
import type { NllOfRows } from './nll-batching.js'

const NO_ROWS = new Float32Array(0)

/** NLLs of one batch by the mean of densities that give it these. */
async function mean(...nlls: readonly (readonly number[])[]): Promise<number[]> {
  const asNll =
    (own: readonly number[]): NllOfRows =>
    async () =>
      Float64Array.from(own)
  return [...(await meanDensity(nlls.map(asNll))(NO_ROWS, NO_ROWS, nlls[0]!.length))]
}

const nats = fc.double({ min: -50, max: 50, noNaN: true })

it('is the mean of densities and not of NLLs, row by row', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(nats, nats, nats), { minLength: 1 }), async (rows) => {
      const found = await mean(...[0, 1, 2].map((member) => rows.map((row) => row[member]!)))
      for (const [row, nlls] of rows.entries()) {
        const density = nlls.reduce((sum, nll) => sum + Math.exp(-nll), 0) / 3
        expect(found[row]).toBeCloseTo(-Math.log(density), 9)
      }
    }),
    { seed: 1 },
  ))

it('is one density itself where there is one alone', async () => {
  expect(await mean([1.5, 1e4])).toEqual([1.5, 1e4])
})

it('stays finite where every density is 0 in float64', async () => {
  const [found] = await mean([2000], [2001])
  expect(found).toBeCloseTo(2000 - Math.log((1 + Math.exp(-1)) / 2), 9)
})
