import type { TrainerStatus } from '@outflow/store'

/** Four beats of a trainer, and a pause between two. */
const RUNS_WITHIN_MS = 30_000

/** Why a pipeline has no active model, and what to do where somebody has to do something. */
export function whyNoModel({ beatAgeMs, waitingFor, lastFit }: TrainerStatus): string {
  if (beatAgeMs === null || beatAgeMs > RUNS_WITHIN_MS) {
    return `no trainer runs${waitingFor === null ? '' : `; the last one waited for: ${waitingFor}`}; start one: outflow run trainer`
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
