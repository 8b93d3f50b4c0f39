import type { TrainerStatus } from '@outflow/store/training'

/** Four beats of a trainer, and a pause between two. */
const RUNS_WITHIN_MS = 30_000

const isTrainerRunning = ({ beatAgeMs }: TrainerStatus): boolean => beatAgeMs !== null && beatAgeMs <= RUNS_WITHIN_MS

/** The reason, and the command where one helps. */
export const whyNoModelAndFix = (trainer: TrainerStatus): string =>
  isTrainerRunning(trainer) ? whyNoModel(trainer) : `${whyNoModel(trainer)}; start one: outflow run trainer`

/** Why a pipeline has no active model. */
export function whyNoModel(trainer: TrainerStatus): string {
  const { waitingFor, lastFit } = trainer
  if (!isTrainerRunning(trainer)) {
    return `no trainer runs${waitingFor === null ? '' : `; the last one waited for: ${waitingFor}`}`
  }
  if (waitingFor !== null) return waitingFor
  if (lastFit === null) return 'the trainer reads its window'
  const { state, step, maxSteps, why } = lastFit
  if (state === 'running')
    return `a fit is under way, step ${step}${maxSteps === null ? '' : ` of at most ${maxSteps}`}`
  if (state === 'rejected') return `the last candidate failed its gate: ${why}`
  if (state === 'failed') return `the last fit failed: ${why}`
  return 'the trainer reads its window'
}
