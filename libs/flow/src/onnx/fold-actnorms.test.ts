import { expect, it } from 'vitest'
import { unfittedFlow } from '../flows/flow-parts.js'
import { type FlowState, type RealNvpSpec, realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { openBackend } from '../tensor/backend.js'
import { trainableFlow } from '../training/trainable-flow.js'
import { foldActnorms } from './fold-actnorms.js'

await openBackend('wasm')

const CASES = [
  { dim: 5, contextDim: 0, hidden: [8, 8] },
  { dim: 4, contextDim: 3, hidden: [8] },
  { dim: 6, contextDim: 0, hidden: [] },
  { dim: 1, contextDim: 2, hidden: [8, 8] },
]

/** A flow with every learned weight perturbed. */
function aFlow(spec: RealNvpSpec): FlowState {
  const { parameters, snapshot } = trainableFlow(unfittedFlow(spec, 1))
  const random = seededRandom(1, 'stir')
  parameters.set(parameters.map((weight) => weight + 0.2 * random.normal()))
  return snapshot()
}

it.each(CASES)('keeps latent and log-det of $dim columns, $contextDim of context, hidden $hidden', (sizes) => {
  const spec = { ...realNvpSpec(sizes.dim, sizes.contextDim), ...sizes }
  const flow = aFlow(spec)
  const folded = foldActnorms(flow, spec)
  const random = seededRandom(2, 'rows')
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal())
  const [rows, context] = [normals(50 * sizes.dim), normals(50 * sizes.contextDim)]

  const [expected, found] = [flow, folded].map((state) => trainableFlow(state).exact({ rows, context }))

  // The folded flow rounds its weights to float32 once more.
  for (const quantity of ['latent', 'logDet'] as const) {
    const errors = found![quantity].map(
      (value, at) => Math.abs(value - expected![quantity][at]!) / Math.max(1, Math.abs(expected![quantity][at]!)),
    )
    expect(Math.max(...errors)).toBeLessThan(1e-5)
  }
})
