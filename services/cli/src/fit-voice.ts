import type { TrainingProgress } from '@outflow/detector'
import type { Progress } from './progress.js'
import type { Terminal } from './terminal.js'

/** Says how far a model's fits are. */
export interface FitVoice {
  tell(progress: TrainingProgress): void
  stop(): void
}

/** Each fit has a bar of its own: those of several flows, and that of a flow which is fitted again because the first fit was poor. */
export function fitVoice(terminal: Pick<Terminal, 'progress'>): FitVoice {
  let open: { readonly flow: number; step: number; readonly bar: Progress } | undefined
  const begin = ({ flow, flows, step, maxSteps }: TrainingProgress) => {
    const again = open?.flow === flow ? ' again' : ''
    open?.bar.stop()
    const label = `fit${flows > 1 ? ` ${flow}/${flows}` : ''}${again}`
    return { flow, step, bar: terminal.progress({ label, total: maxSteps, unit: 'steps' }) }
  }
  return {
    tell: (progress) => {
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
