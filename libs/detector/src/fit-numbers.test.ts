import { type Fit, type FitOptions, realNvpSpec } from '@outflow/flow'
import { expect, it } from 'vitest'
import { fitNumbers } from './fit-numbers.js'

const data = { rows: new Float32Array(2 * 1000), context: new Float32Array(0) }
const options = { spec: realNvpSpec(2), seed: 1, noise: Float32Array.of(0.05, 0.05) }
const HELD_OUT = 100

/** How one fit ends; of 100 held-out rows `likelier` are likelier by it than by the first, whose NLLs are 1. */
interface FakeFit {
  readonly stopped?: Fit['report']['stopped']
  readonly steps?: number
  readonly trainingRows?: number
  readonly likelier?: number
}

/** Plays these fits one after another, and notes what each was asked for. */
async function fitted(...fits: readonly FakeFit[]) {
  const asked: FitOptions[] = []
  const fit = async (_: unknown, given: FitOptions): Promise<Fit> => {
    const { stopped = 'patience', steps = 1000, trainingRows = 5000, likelier } = fits[asked.push(given) - 1]!
    const heldOutNll = Float32Array.from({ length: HELD_OUT }, (_, row) =>
      likelier === undefined ? 1 : row < likelier ? 0 : 2,
    )
    // What a fit asked for sixteen components comes to.
    const base = given.spec.base && ({ kind: 'mixture', components: 2 } as const)
    const flow = { spec: { ...given.spec, ...(base && { base }) }, weights: new Map() }
    return { flow, heldOutNll, report: { stopped, steps, trainingRows, validationNll: [1] } } as unknown as Fit
  }
  const kept = await fitNumbers(data, options, fit)
  return { kept, asked }
}

it.each<FakeFit>([{ stopped: 'maxSteps', steps: 1000 }, { steps: 1250 }])(
  'keeps a flow that had something to learn, and tries nothing else: %o',
  async (played) => {
    const { asked } = await fitted(played)
    expect(asked).toHaveLength(1)
  },
)

it('goes on from a mixture that surely makes held-out rows likelier than a flow that learned its rows by heart', async () => {
  const { asked, kept } = await fitted({}, { likelier: 66 }, {})
  expect(asked[1]).toMatchObject({ spec: { base: { kind: 'mixture', components: 16 } }, maxSteps: 0 })
  expect(asked[2]).toMatchObject({ spec: { base: { components: 2 } }, start: { spec: { base: { components: 2 } } } })
  expect(asked[2]).not.toHaveProperty('maxSteps')
  expect(kept.fit.flow.spec.base).toEqual({ kind: 'mixture', components: 2 })
})

it('tries a mixture for a fit that diverged, too', async () => {
  const { kept } = await fitted({ stopped: 'diverged', steps: 400 }, { likelier: 66 }, {})
  expect(kept.fit.flow.spec.base).toEqual({ kind: 'mixture', components: 2 })
})

it('tries a mixture for a fit of few rows, however long it went on', async () => {
  const { kept } = await fitted({ stopped: 'maxSteps', steps: 2000, trainingRows: 1999 }, { likelier: 66 }, {})
  expect(kept.fit.flow.spec.base).toEqual({ kind: 'mixture', components: 2 })
})

it('stays with the flow where chance alone might have it so, three standard errors of a half', async () => {
  const { asked, kept } = await fitted({}, { likelier: 65 })
  expect(asked).toHaveLength(2)
  expect(kept.fit.flow.spec.base).toBeUndefined()
})

it('widens the noise of a flow whose fit ended early, where no mixture is better', async () => {
  const { asked, kept } = await fitted({ steps: 400 }, { likelier: 0 }, { steps: 900 })
  expect(asked).toHaveLength(3)
  expect(kept.noise[0]).toBeGreaterThan(0.05)
})
