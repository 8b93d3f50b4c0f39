import type { Progress } from './progress.js'
import type { Terminal } from './terminal.js'

/** How far the fit of a model is. */
export interface FitStep {
  /** Which of the model's flows is being fitted, from 1, and of how many. */
  readonly flow: number
  readonly flows: number
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

/** Shows a model's fits. Each has a bar of its own: those of several flows, and that of a flow which is fitted again because the first fit was poor. */
export function fitProgress(terminal: Pick<Terminal, 'progress'>): FitProgress {
  let open: { readonly flow: number; step: number; readonly bar: Progress } | undefined
  const begin = ({ flow, flows, step, maxSteps }: FitStep) => {
    const again = open?.flow === flow ? ' again' : ''
    open?.bar.stop()
    const label = `fit${flows > 1 ? ` ${flow}/${flows}` : ''}${again}`
    return { flow, step, bar: terminal.progress({ label, total: maxSteps, unit: 'steps' }) }
  }
  return {
    update: (progress) => {
      const { flow, step, epoch, trainNll, validationNll, leftMs } = progress
      // The steps of a fit only rise: where they do not, the next one has begun.
      if (open?.flow !== flow || step <= open.step) open = begin(progress)
      open.step = step
      const nats = `train ${trainNll.toFixed(3)}, validation ${validationNll.toFixed(3)} nats`
      open.bar.update(step, `epoch ${epoch.toFixed(1)}, ${nats}, at most ${Math.ceil(leftMs / 1000)} s left`)
    },
    stop: () => open?.bar.stop(),
  }
}
