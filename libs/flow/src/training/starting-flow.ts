import { type GaussianMixture, mixtureDensity, weightsOfMixture } from '../base/gaussian-mixture.js'
import { actnormOf } from '../bijectors/actnorm.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import type { FlowState, MixtureBase } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { fitMixture } from './fit-mixture.js'
import type { FitSettings } from './fit-options.js'
import { countable, lowestNineTenths } from './held-out.js'
import { trainableFlow } from './trainable-flow.js'
import type { TrainingBatches } from './training-batches.js'

/**
 * The flow a fit starts from. Context shift and couplings are the identity and mixings are rotations. The first actnorm is set
 * from rows; a mixture base is fitted to their latents.
 */
export function startingFlow(settings: FitSettings, batches: TrainingBatches): FlowState {
  const { spec, seed } = settings
  const unfitted = unfittedFlow(spec, seed)
  const first = batches.first(INITIALISING_ROWS)
  const { bias, logScale } = actnormOf(first.rows, spec.dim, countable(first.weights))
  const weights = new Map(unfitted.weights)
  weights.set('layers.0.actnorm.bias', { shape: [spec.dim], data: bias })
  weights.set('layers.0.actnorm.logScale', { shape: [spec.dim], data: logScale })
  const { base } = spec
  return base?.kind === 'mixture' ? onMixture({ spec, weights }, base, settings, batches) : { spec, weights }
}

const INITIALISING_ROWS = 2048

/**
 * The flow with a fitted mixture as base. The number of components doubles while the held-out likelihood improves, up to
 * `base.components` and to one component per 2·dim rows.
 */
function onMixture(
  flow: FlowState,
  { components: most }: MixtureBase,
  settings: FitSettings,
  batches: TrainingBatches,
) {
  const { spec, weights } = flow
  const { seed, noise, trim = 0, trimSuspect = trim } = settings
  const { dim } = spec
  const trainable = trainableFlow(flow)
  const plain = batches.plain(Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_WORK / dim ** 2))))
  const rows = Float64Array.from(trainable.latent(plain))
  const heldOut = trainable.latent(batches.validation)
  const data = {
    dim,
    rows,
    weights: countable(plain.weights),
    noise: movedNoise(trainable.rowGradients(batches.plain(1)).jacobian, noise),
    trim: trimSuspect,
  }
  const nllOf = (mixture: GaussianMixture) =>
    lowestNineTenths(mixtureDensity(mixture).nll(heldOut), countable(batches.validation.weights))

  let best = fitMixture(data, 1, seededRandom(seed, 'mixture 1'))
  for (let count = 2; count <= most && count * ROWS_PER_COLUMN * dim <= plain.count; count *= 2) {
    const next = fitMixture(data, count, seededRandom(seed, `mixture ${count}`))
    if (!(nllOf(next) < nllOf(best))) break
    best = next
  }
  const base: MixtureBase = { kind: 'mixture', components: best.shares.length }
  return { spec: { ...spec, base }, weights: new Map([...weights, ...weightsOfMixture(best)]) }
}

/** Covariance of the noise in the latent space, [dim, dim]: J·diag(σ²)·Jᵀ. Exact, because the starting flow is linear. */
function movedNoise(jacobian: Float32Array, sigma: Float32Array): Float64Array {
  const { length: dim } = sigma
  return Float64Array.from({ length: dim * dim }, (_, at) => {
    const [row, column] = [Math.floor(at / dim), at % dim]
    let sum = 0
    for (let k = 0; k < dim; k++) sum += jacobian[row * dim + k]! * jacobian[column * dim + k]! * sigma[k]! ** 2
    return sum
  })
}

const ROWS_PER_COLUMN = 2
const FEWEST_ROWS = 200
const MOST_ROWS = 5000
/** Bound on rows × columns², the cost of one EM iteration: 5,000 rows of 28 columns, 400 of 100. */
const MOST_WORK = 4e6
