import type { Fit, FitOptions } from '@outflow/flow'

/** What is fitted with a noise of its own. */
export type NoisedOptions = FitOptions & Required<Pick<FitOptions, 'noise'>>

/** A fit, and the noise that it was made with, [dim] in z. */
export interface NoisedFit {
  readonly fit: Fit
  readonly noise: Float32Array
}

/** Whether a fit learned its rows by heart, or diverged, and so ended within this many steps, its patience of 500 among them. */
export function endedWithin(steps: number, { report }: Fit): boolean {
  return report.stopped !== 'maxSteps' && report.steps <= steps
}
