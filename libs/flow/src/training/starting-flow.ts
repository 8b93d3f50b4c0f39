import { type GaussianMixture, mixtureDensity, weightsOfMixture } from '../base/gaussian-mixture.js'
import { actnormOf, withFirstActnorm } from '../bijectors/actnorm.js'
import { unfittedFlow } from '../flows/flow-parts.js'
import type { FlowState, MixtureBase } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import type { FitSettings } from './fit-options.js'
import { lowestNineTenths } from './held-out.js'
import { discountFarComponents } from './mixture/far-components.js'
import { fitMixture, type MixtureRows } from './mixture/fit-mixture.js'
import { type Batch, trainableFlow } from './trainable-flow.js'
import type { TrainingBatches } from './training-batches.js'

/**
 * The flow a fit starts from. Context shift and couplings are the identity and mixings are rotations. The first actnorm is set
 * from rows, by their deviations or, for a mixture base, by their quartiles; the mixture is fitted to the latents.
 */
export function startingFlow(settings: FitSettings, batches: TrainingBatches): FlowState {
  const { spec, seed } = settings
  const unfitted = unfittedFlow(spec, seed)
  const { rows } = batches.first(INITIALISING_ROWS)
  const { bias, logScale } = actnormOf(rows, spec.dim)
  if (spec.base === undefined) return withFirstActnorm(unfitted, bias, logScale)
  const scaled = withFirstActnorm(unfitted, bias, scaledByQuartiles(logScale, rows))
  return withMixtureBase(scaled, spec.base, settings, batches)
}

const INITIALISING_ROWS = 2048

/**
 * Log-scales of columns, larger for those with a heavy tail or many equal values: the deviation of a column is replaced by that of a normal density with
 * its quartiles, at least by a twentieth of itself. Otherwise the mixture's noise would hide most of the column's variation.
 *
 * @param logScale  [dim]; gives the rows deviation 1
 * @param rows      [n, dim]
 */
function scaledByQuartiles(logScale: Float32Array, rows: Float32Array): Float32Array {
  const dim = logScale.length
  return logScale.map((own, column) => {
    const sorted = rows.filter((_, at) => at % dim === column).sort()
    const quartile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
    const deviation = (Math.exp(own) * (quartile(0.75) - quartile(0.25))) / NORMAL_QUARTILES
    return own - Math.log(Math.min(1, Math.max(deviation, 1 / LARGEST_SCALING)))
  })
}

/** Distance between the quartiles of a normal density of deviation 1. */
const NORMAL_QUARTILES = 1.349
/** On OddBench's half 1 all values from 6 to 60 are about equally accurate. */
const LARGEST_SCALING = 20

/** The flow with a mixture as base, fitted to the latents of at most `MOST_ROWS` rows. */
function withMixtureBase(
  flow: FlowState,
  { components: mostComponents }: MixtureBase,
  { seed, trim }: FitSettings,
  batches: TrainingBatches,
) {
  const { spec, weights } = flow
  const { dim } = spec
  const trainable = trainableFlow(flow)
  const latents = (batch: Batch): MixtureRows => ({
    dim,
    rows: Float64Array.from(trainable.latent(batch)),
    noise: dim > MANY_COLUMNS ? NOISE_OF_MANY : NOISE,
  })
  const mostRows = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_WORK / dim ** 2)))
  const data = latents(batches.plain(mostRows))
  const likeliest = likeliestMixture(data, latents(batches.validation), mostComponents, seed)
  const mixture = trim > 0 ? discountFarComponents(likeliest, data) : likeliest
  const base: MixtureBase = { kind: 'mixture', components: mixture.shares.length }
  return { spec: { ...spec, base }, weights: new Map([...weights, ...weightsOfMixture(mixture)]) }
}

/** Deviation of the noise with which a mixture is fitted, in latents. */
const NOISE = 0.03
/** With more columns than this a component of few rows is narrow in more directions, and its noise is wider. */
const MANY_COLUMNS = 10
const NOISE_OF_MANY = 0.1
const FEWEST_ROWS = 200
const MOST_ROWS = 5000
/** Bound on rows × columns², the cost of one EM iteration: 5,000 rows of 28 columns, 400 of 100. */
const MOST_WORK = 4e6

/** The number of components doubles while the held-out likelihood improves, up to the given one and to one component per 8 rows. */
function likeliestMixture(
  data: MixtureRows,
  heldOut: MixtureRows,
  mostComponents: number,
  seed: number,
): GaussianMixture {
  const most = Math.max(1, Math.min(mostComponents, data.rows.length / data.dim / ROWS_PER_COMPONENT))
  let best: { readonly mixture: GaussianMixture; readonly nll: number } | undefined
  for (let count = 1; count <= most; count *= 2) {
    const mixture = fitMixture(data, count, seededRandom(seed, `mixture ${count}`))
    const nll = lowestNineTenths(mixtureDensity(mixture).nll(heldOut.rows))
    if (best === undefined || nll < best.nll) best = { mixture, nll }
    else if (count > 2 * best.mixture.shares.length) break
  }
  return best!.mixture
}

const ROWS_PER_COMPONENT = 8
