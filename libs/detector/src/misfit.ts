import type { ModelMetadata } from '@outflow/contracts'
import type { Model } from './artefact.js'
import type { Nll } from './model-scorer.js'
import { sampleFields } from './sample-records.js'

type Misfit = NonNullable<ModelMetadata['calibration']['misfit']>

/** Enough to distinguish distributions at a distance of 5 %; drawn and scored in a second. */
const SAMPLES = 2_000

/**
 * Compares records drawn from the model with the calibration records, by their NLLs. If the model were exact, the two would have
 * one distribution, and the p-values of calibration records among the samples would be uniform.
 *
 * @param calibration  [n], ascending, nats
 * @see Kolmogorov–Smirnov, two samples; its p-value by the asymptotic series
 */
export async function measureMisfit(
  model: Pick<Model, 'encoder' | 'flow'>,
  nll: Nll,
  calibration: Float64Array,
  seed: number,
): Promise<Misfit> {
  const samples = (await nll(await sampleFields(model, SAMPLES, seed))).sort()
  const distance = largestDistance(calibration, samples)
  const size = (calibration.length * samples.length) / (calibration.length + samples.length)
  const mark = samples[Math.floor(0.99 * samples.length)]!
  return {
    samples: samples.length,
    distance,
    pValue: kolmogorovPValue(distance * Math.sqrt(size)),
    beyondSamples: calibration.filter((nll) => nll > mark).length / calibration.length,
  }
}

/** The largest distance of two empirical distribution functions, 0 to 1. @param a, b  ascending */
export function largestDistance(a: Float64Array, b: Float64Array): number {
  let i = 0
  let j = 0
  let furthest = 0
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i]!, b[j]!)
    while (i < a.length && a[i]! <= value) i += 1
    while (j < b.length && b[j]! <= value) j += 1
    furthest = Math.max(furthest, Math.abs(i / a.length - j / b.length))
  }
  return furthest
}

/** P(K ≥ x) of Kolmogorov's distribution: 2 Σ (−1)^(k−1) exp(−2 k² x²). */
export function kolmogorovPValue(x: number): number {
  if (x < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) sum += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * x * x)
  return Math.min(1, Math.max(0, sum))
}
