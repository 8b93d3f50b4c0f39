import { BY_HEART_ROWS, type Fit, fitFlow, type TrainingRows } from '@outflow/flow'
import { fitSmoothly } from './fit-smoothly.js'
import { endedWithin, type NoisedFit, type NoisedOptions } from './noised-fit.js'

/**
 * Fits a flow to rows of numbers alone. One of few rows, or that soon was at its best, is given up for a better density where there
 * is one: on a mixture of Gaussians, or else of a wider kernel.
 */
export async function fitNumbers(data: TrainingRows, options: NoisedOptions, fit = fitFlow): Promise<NoisedFit> {
  const first = { fit: await fit(data, options), noise: options.noise }
  if (first.fit.report.trainingRows >= BY_HEART_ROWS && !endedWithin(SOON, first.fit)) return first
  const onMixture = await fitOnMixture(data, options, first.fit, fit)
  if (onMixture !== null) return { fit: onMixture, noise: options.noise }
  return fitSmoothly(data, options, first, fit)
}

/**
 * A flow on a mixture of full Gaussians, where the mixture alone surely makes held-out rows likelier than the flow that was fitted:
 * few rows of many columns that hang together show the position and slope of clusters long before they show the shape of the whole.
 *
 * @returns null where it does not
 */
async function fitOnMixture(data: TrainingRows, options: NoisedOptions, known: Fit, fit: typeof fitFlow) {
  const spec = { ...options.spec, base: { kind: 'mixture', components: MOST_COMPONENTS } as const }
  const { flow, heldOutNll } = await fit(data, { ...options, spec, maxSteps: 0 })
  if (!isSurelyLower(heldOutNll, known.heldOutNll)) return null
  return fit(data, { ...options, spec: flow.spec, start: flow })
}

/** Steps of 2,000: at its best within 700 of them. */
const SOON = 1200
const MOST_COMPONENTS = 16

/** Whether more numbers are below their counterparts than chance would have it, by three standard errors: the sign test. */
function isSurelyLower(numbers: Float32Array, counterparts: Float32Array): boolean {
  const lower = numbers.filter((number, at) => number < counterparts[at]!).length
  return lower - numbers.length / 2 > SURE_ERRORS * 0.5 * Math.sqrt(numbers.length)
}

const SURE_ERRORS = 3
