import type { Progress } from './progress.js'
import type { Terminal } from './terminal.js'

/** Progress of the fit of a model. */
export interface FitStep {
  readonly step: number
  readonly maxSteps: number
  readonly epoch: number
  /** nats */
  readonly trainNll: number
  /** nats */
  readonly validationNll: number
  /** Maximum remaining time of the fit. */
  readonly leftMs: number
}

/** Shows the progress of a model's fits. A fit that is repeated, because the first one was poor, has its own bar. */
export function fitProgress(terminal: Pick<Terminal, 'progress'>) {
  let open: { step: number; readonly bar: Progress } | undefined
  const begin = ({ step, maxSteps }: FitStep) => {
    const label = open === undefined ? 'fit' : 'fit again'
    open?.bar.stop()
    return { step, bar: terminal.progress({ label, total: maxSteps, unit: 'step' }) }
  }
  return {
    update: (progress: FitStep): void => {
      const { step, epoch, trainNll, validationNll, leftMs } = progress
      // Steps increase within a fit, so a step that is not larger belongs to the next fit.
      if (open === undefined || step <= open.step) open = begin(progress)
      open.step = step
      const nats = `train ${trainNll.toFixed(3)}, validation ${validationNll.toFixed(3)} nats`
      open.bar.update(step, `epoch ${epoch.toFixed(1)}, ${nats}, at most ${Math.ceil(leftMs / 1000)} s left`)
    },
    stop: (): void => open?.bar.stop(),
  }
}
