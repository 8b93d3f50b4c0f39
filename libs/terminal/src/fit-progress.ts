import type { Progress } from './progress.js'
import type { Terminal } from './terminal.js'

/** How far the fit of a model is. */
export interface FitStep {
  readonly step: number
  readonly maxSteps: number
  readonly epoch: number
  /** nats */
  readonly trainNll: number
  /** nats */
  readonly validationNll: number
  /** At most so long until the fit ends. */
  readonly leftMs: number
}

export interface FitProgress {
  update(step: FitStep): void
  stop(): void
}

/** Shows a model's fits. A flow that is fitted again, because the first fit was poor, has a bar of its own. */
export function fitProgress(terminal: Pick<Terminal, 'progress'>): FitProgress {
  let open: { step: number; readonly bar: Progress } | undefined
  const begin = ({ step, maxSteps }: FitStep) => {
    const label = open === undefined ? 'fit' : 'fit again'
    open?.bar.stop()
    return { step, bar: terminal.progress({ label, total: maxSteps, unit: 'steps' }) }
  }
  return {
    update: (progress) => {
      const { step, epoch, trainNll, validationNll, leftMs } = progress
      // The steps of a fit only rise: where they do not, the next one has begun.
      if (open === undefined || step <= open.step) open = begin(progress)
      open.step = step
      const nats = `train ${trainNll.toFixed(3)}, validation ${validationNll.toFixed(3)} nats`
      open.bar.update(step, `epoch ${epoch.toFixed(1)}, ${nats}, at most ${Math.ceil(leftMs / 1000)} s left`)
    },
    stop: () => open?.bar.stop(),
  }
}
