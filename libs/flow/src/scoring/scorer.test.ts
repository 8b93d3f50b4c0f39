import { describe, expect, it } from 'vitest'
import { NotFiniteError, ShapeError } from '../errors.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import { type FlowKind, type FlowState, flowSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { onEachBackend } from '../tensor/on-each-backend.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { openScorer } from './scorer.js'

/** A flow with every learned weight perturbed, as after a fit. */
function aFlow(dim: number, contextDim: number, kind: FlowKind = 'realnvp', stir = 0.05): FlowState {
  const { parameters, snapshot } = trainableFlow(unfittedFlow(flowSpec(kind, dim, contextDim), 1))
  const random = seededRandom(2, 'stir')
  parameters.set(parameters.map((weight) => weight + stir * random.normal()))
  return snapshot()
}

function normals(count: number, scale: number, seed: number): Float32Array {
  const random = seededRandom(seed, 'rows')
  return Float32Array.from({ length: count }, () => scale * random.normal())
}

const CASES = [
  { dim: 5, contextDim: 0, scale: 1, rows: 'ordinary rows' },
  { dim: 3, contextDim: 21, scale: 1, rows: 'ordinary rows' },
  { dim: 1, contextDim: 2, scale: 1, rows: 'ordinary rows' },
  { dim: 16, contextDim: 0, scale: 1e4, rows: 'outliers at the clamp of the encoder' },
]

await onEachBackend('the engines', () => {
  describe.each(['realnvp', 'glow', 'spline'] as const)('with %s', (kind) => {
    it.each(CASES)(
      'agree to 1e-5 on $rows of $dim columns and $contextDim of context',
      async ({ dim, contextDim, scale }) => {
        const count = 100
        const rows = normals(count * dim, scale, 1)
        const context = normals(count * contextDim, 1, 2)
        const state = aFlow(dim, contextDim, kind)
        const scorer = await openScorer(state)
        const reference = trainableFlow(state).exact({ rows, context }).nll

        const scored = await scorer.nll(rows, context, count)

        const errors = scored.map(
          (nll, row) => Math.abs(nll - reference[row]!) / Math.max(1, Math.abs(reference[row]!)),
        )
        expect(Math.max(...errors)).toBeLessThan(1e-5)
        await scorer.close()
      },
    )

    it('restore rows from their latents', async () => {
      const rows = normals(40 * 4, 2, 3)
      const context = normals(40 * 2, 1, 4)
      const state = aFlow(4, 2, kind, 0.02)
      const scorer = await openScorer(state)
      // Latents are rounded to float32, and the inverse amplifies the rounding.
      const { latent } = await scorer.forward(rows, context, 40)
      await scorer.close()
      const back = trainableFlow(state).inverse(Float64Array.from(latent), context).value
      expect(Math.max(...back.map((value, at) => Math.abs(value - rows[at]!)))).toBeLessThan(1e-3)
    })
  })
})

it('scores a row the same alone and in a batch', async () => {
  const scorer = await openScorer(aFlow(4, 0))
  const rows = normals(4 * 33, 3, 3)
  const together = await scorer.nll(rows)
  for (const row of [0, 17, 32]) {
    const [alone] = await scorer.nll(rows.slice(4 * row, 4 * row + 4))
    expect(Math.abs(alone! - together[row]!)).toBeLessThan(1e-5 * Math.max(1, together[row]!))
  }
  await scorer.close()
})

it.each(['realnvp', 'glow', 'spline'] as const)('scores far rows roughly to 1e-4, with %s', async (kind) => {
  const scorer = await openScorer(aFlow(4, 0, kind))
  const rows = Float32Array.of(...normals(4 * 20, 0.3, 3), ...normals(4 * 20, 1e4, 4))
  const exact = await scorer.nll(rows)
  const rough = await scorer.roughNll(rows)
  expect(rough.slice(0, 20)).toEqual(exact.slice(0, 20))
  // A chain of couplings retains four or five of the seven digits of float32.
  exact.forEach((nll, row) => {
    expect(Math.abs(rough[row]! - nll)).toBeLessThan(1e-4 * Math.max(1, nll))
  })
  await expect(scorer.roughNll(Float32Array.of(0, 0, 0, 0, 0, 0, 0, Number.NaN))).rejects.toThrow(/row 1/)
  await scorer.close()
})

it('scores no rows', async () => {
  const scorer = await openScorer(aFlow(2, 0))
  expect(await scorer.nll(new Float32Array(0))).toEqual(new Float64Array(0))
  await scorer.close()
})

it('throws for rows and contexts of another width', async () => {
  const scorer = await openScorer(aFlow(2, 1))
  await expect(scorer.nll(new Float32Array(5), new Float32Array(2), 2)).rejects.toThrow(ShapeError)
  await expect(scorer.nll(new Float32Array(4), new Float32Array(3), 2)).rejects.toThrow(ShapeError)
  await scorer.close()
})

it.each(['realnvp', 'glow', 'spline'] as const)(
  'names the row that has no finite likelihood, with %s',
  async (kind) => {
    const scorer = await openScorer(aFlow(2, 0, kind))
    const rows = Float32Array.of(0, 0, 0, Number.NaN, 0, 0)
    await expect(scorer.nll(rows)).rejects.toThrow(NotFiniteError)
    await expect(scorer.nll(rows)).rejects.toThrow(/row 1/)
    await scorer.close()
  },
)
