import { type Fit, type fitFlow, silvermanNoise, type TrainingRows } from '@outflow/flow'
import { endedWithin, type NoisedFit, type NoisedOptions } from './noised-fit.js'

/**
 * Fits a flow again, with wider noise, as long as its fit ends early: few rows of many noisy columns are learned by heart within
 * a hundred steps, and a density of them wants a wider kernel. The flow's own width is
 * doubled twice at the most, to about Silverman's for a kernel density, and only while the held-out rows lose little by it: where columns hang together
 * closely, a wide kernel would blur just that.
 *
 * @returns the fit kept, `first` if none is better
 */
export async function fitSmoothly(
  data: TrainingRows,
  options: NoisedOptions,
  first: NoisedFit,
  fit: typeof fitFlow,
): Promise<NoisedFit> {
  const { dim } = options.spec
  const width = silvermanNoise(data.rows.length / dim, dim)
  let kept = first
  for (let factor = 2; factor <= WIDEST && endedWithin(EARLY, kept.fit); factor *= 2) {
    const noise = options.noise.map((sigma, column) => Math.max(sigma, factor * width[column]!))
    const wider = await fit(data, { ...options, noise })
    if (heldOutNll(wider) > heldOutNll(first.fit) + LOSS_PER_COLUMN * dim) break
    kept = { fit: wider, noise }
  }
  return kept
}

const WIDEST = 4
/** Steps of 2,000; a flow that has something to learn goes on for 1,100 and more. */
const EARLY = 800
/** Nats. Gaussian columns that are independent lose .04 each by Silverman's width, two that correlate by .99 a third each. */
const LOSS_PER_COLUMN = 0.15

function heldOutNll({ report }: Fit): number {
  return Math.min(...report.validationNll)
}
