import type { Feature } from '@outflow/contracts'
import { fitEncoder, rowDim } from '@outflow/encoding'
import { fitFlow, realNvpSpec } from '@outflow/flow'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readerOf, seededDraws } from '../test-draws.js'
import { nllBy, openTableScorer } from './model-scorer.js'

const features: Feature[] = ['$.x', '$.y'].map((path) => ({ path, type: 'numeric', optional: false }))
const read = readerOf(features)
const fieldsOf = (x: number, y: number) => read({ x, y })

/** Fits encoder and flow like training, with few steps, to x = location + scale·N(0, 1) and y = N(0, 1). */
async function fitTo(location: number, scale: number, seed: number) {
  const { normal } = seededDraws(seed)
  const draw = () => fieldsOf(location + scale * normal(), normal())
  const records = Array.from({ length: 500 }, draw)
  const { encoder, ...data } = await fitEncoder(features, records, { contamination: 0.01, seed: 1 })
  const { flow } = await fitFlow(data, {
    spec: { ...realNvpSpec(rowDim(encoder)), layers: 1, hidden: [4] },
    noise: encoder.noise,
    trim: 0.01,
    maxSteps: 60,
    seed: 1,
    backend: 'wasm',
  })
  return { scorer: await openTableScorer(encoder, flow), ordinary: Array.from({ length: 2_000 }, draw) }
}

// The property test of the number column covers the whole range of float64; this one covers a record up to its score.
it('issue 17.2: a deviation of ten standard deviations has a higher nll than normal records at any location and scale', async () => {
  const exponents = fc.tuple(fc.integer({ min: -6, max: 17 }), fc.integer({ min: -9, max: 9 }))
  // Neighbouring float64 numbers differ by 2⁻⁵² of their magnitude: with a scale below a thousand such steps, x is not normal.
  const representable = exponents.filter(([location, scale]) => scale - location >= -12)
  await fc.assert(
    fc.asyncProperty(
      representable,
      fc.double({ min: 1, max: 9.99, noNaN: true }),
      fc.constantFrom(-1, 1),
      fc.nat(),
      async ([locationExponent, scaleExponent], digits, sign, seed) => {
        const location = sign * digits * 10 ** locationExponent
        const scale = 10 ** scaleExponent
        const { scorer, ordinary } = await fitTo(location, scale, seed)
        const far = [-10, 10].map((deviations) => fieldsOf(location + deviations * scale, 0))
        const nll = await nllBy(scorer.score)([...far, ...ordinary])
        await scorer.close()
        const percentile = nll.slice(far.length).sort()[Math.floor(0.999 * ordinary.length)]!
        expect(nll[0]).toBeGreaterThan(percentile)
        expect(nll[1]).toBeGreaterThan(percentile)
      },
    ),
    { numRuns: 4, seed: 17 },
  )
}, 120_000)
