import type { Fit, FitOptions } from '@outflow/flow'
import { realNvpSpec } from '@outflow/flow'
import { expect, it } from 'vitest'
import { fitSmoothly } from './fit-smoothly.js'

const data = { rows: new Float32Array(2 * 1000), context: new Float32Array(0) }
const options = { spec: realNvpSpec(2), seed: 1, noise: Float32Array.of(0.05, 3) }
/** The rule's width for 1,000 rows of 2 columns: 0.25·1000^(−1/6). */
const WIDTH = 0.25 / 10 ** 0.5

/** Plays fits that end after so many steps with such held-out NLLs, one after another, and notes the noise that each was asked for. */
function played(...fits: readonly (readonly [steps: number, nll: number])[]) {
  const noises: number[][] = []
  const fit = async (_: unknown, { noise = new Float32Array(0) }: FitOptions): Promise<Fit> => {
    const [steps, nll] = fits[noises.push([...noise]) - 1]!
    return {
      flow: { spec: options.spec, weights: new Map() },
      report: { stopped: 'patience', steps, validationNll: [nll] },
    } as unknown as Fit
  }
  const run = async () => fitSmoothly(data, options, { fit: await fit(data, options), noise: options.noise }, fit)
  return { noises, run }
}

it('fits once where the flow had something to learn', async () => {
  const { noises, run } = played([850, 2])
  expect([...(await run()).noise]).toEqual([...options.noise])
  expect(noises).toHaveLength(1)
})

it('widens the noise of columns below the width, twice at the most, while fits end early', async () => {
  const { noises, run } = played([400, 2], [450, 2.1], [500, 2.2])
  const kept = await run()
  expect(kept.fit.report.steps).toBe(500)
  expect(noises.map(([narrow]) => narrow!.toFixed(4))).toEqual([
    '0.0500',
    (2 * WIDTH).toFixed(4),
    (4 * WIDTH).toFixed(4),
  ])
  expect(noises.map(([, wide]) => wide)).toEqual([3, 3, 3])
})

it('stays with the narrower noise where held-out rows lose by the wider', async () => {
  const { run } = played([400, 2], [450, 2.1], [500, 2.31])
  const kept = await run()
  expect(kept.fit.report.steps).toBe(450)
  expect(kept.noise[0]).toBeCloseTo(2 * WIDTH)
})
