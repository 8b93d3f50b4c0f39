import { formatDuration } from '@outflow/contracts/wording'
import type { Queryable } from '../connection/pool.js'
import { runOne } from '../connection/statement.js'
import type { FitState } from './fits.js'

/** The state of a pipeline's trainer, and the result of its last fit. */
export interface TrainerStatus {
  /** Time since the last heartbeat of the leading trainer; null: there was none. */
  readonly beatAgeMs: number | null
  /** Text about what the trainer waits for; null: it does not wait. */
  readonly waitingFor: string | null
  readonly lastFit: {
    readonly state: FitState
    readonly step: number
    readonly maxSteps: number | null
    /** Since its start. */
    readonly ageMs: number
    /** Why the fit produced no model; null: it produced one, or is running. */
    readonly why: string | null
  } | null
}

export async function trainerStatus(db: Queryable, pipeline: string): Promise<TrainerStatus> {
  return runOne<TrainerStatus>(db, {
    name: 'trainer_status',
    text: `
      select extract(epoch from now() - trainer.beat_at)::float8 * 1000 as "beatAgeMs", trainer.waiting_for as "waitingFor",
             to_json(fit) as "lastFit"
      from (select 1) as always
      left join outflow.heartbeats as trainer on trainer.pipeline = $1 and trainer.service = 'trainer'
      left join (
        select state, step, max_steps as "maxSteps", extract(epoch from now() - started_at)::float8 * 1000 as "ageMs",
               coalesce(report -> 'gate' -> 'failures' ->> 0, report -> 'shadow' ->> 'failure', report -> 'error' ->> 'message') as why
        from outflow.fits where pipeline = $1 order by id desc limit 1
      ) as fit on true`,
    values: [pipeline],
  })
}

/** Four heartbeat intervals of a trainer, plus one. */
const RUNS_WITHIN_MS = 30_000

const isTrainerRunning = ({ beatAgeMs }: TrainerStatus): boolean => beatAgeMs !== null && beatAgeMs <= RUNS_WITHIN_MS

/** The reason, with a command if one helps. */
export const whyNoModelAndFix = (trainer: TrainerStatus): string => noTrainerAndFix(trainer) ?? whyNoModel(trainer)

/** That no trainer runs, with the command that starts one; null: one runs. */
export const noTrainerAndFix = (trainer: TrainerStatus): string | null =>
  isTrainerRunning(trainer) ? null : `${whyNoModel(trainer)}; start one: outflow run trainer`

/** Why a pipeline with an active model gets no other one, although one is due or a fit has ended; null: none is due, or no trainer runs. */
export function whyNoNewerModel(trainer: TrainerStatus): string | null {
  if (!isTrainerRunning(trainer)) return null
  const { waitingFor, lastFit } = trainer
  if (waitingFor !== null || lastFit === null) return waitingFor
  if (lastFit.state === 'failed_gate') return whyNoModel(trainer)
  return lastFit.state === 'known' ? 'the last fit had the records of a stored model and gave it again' : null
}

/** Why a pipeline has no active model. */
export function whyNoModel(trainer: TrainerStatus): string {
  const { waitingFor, lastFit } = trainer
  if (!isTrainerRunning(trainer)) {
    return `no trainer runs${waitingFor === null ? '' : `; the last one waited for: ${waitingFor}`}`
  }
  if (waitingFor !== null) return waitingFor
  if (lastFit === null) return 'the trainer reads its window'
  const { state, step, maxSteps, ageMs, why } = lastFit
  if (state === 'running') {
    if (step === 0 || maxSteps === null) return 'a fit is under way'
    const leftMs = (ageMs / step) * (maxSteps - step)
    return `a fit is under way, step ${step} of at most ${maxSteps}; at most ${formatDuration(leftMs)} left`
  }
  if (state === 'failed_gate') return `the last candidate failed its gate: ${why}; ${NEXT_FIT}`
  if (state === 'known')
    return `the last fit gave a candidate again that had failed its gate${why === null ? '' : `: ${why}`}; ${NEXT_FIT}`
  if (state === 'failed') return `the last fit failed: ${why}`
  return 'the trainer reads its window'
}

const NEXT_FIT = 'the next fit starts with twice the records, or by training.every or cron'
