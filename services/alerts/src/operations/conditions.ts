import { type Config, scheduledAfter } from '@outflow/contracts'
import type { OperationFacts, StandingOperation } from '@outflow/store'
import type { Silence } from './silence.js'

export interface ConditionsOptions {
  readonly training: Pick<Config['training'], 'every' | 'cron'>
  readonly now: number
  /** For how long somebody has looked: what stood still meanwhile did so while it could be seen. */
  readonly watchedMs: number
  readonly silence: Silence
  /** What is open already: whoever takes over does not end what it has not looked at for long enough. */
  readonly open: readonly string[]
}

/** Four times what a takeover may last. */
const TRAINER_DEAD_MS = 60_000
const SILENT_MS = 60_000
/** In schedules: two fits may be rejected before anybody is told. */
const MISSED_FITS = 3
/** A schedule of seconds is met when its fits are over. */
const LEAST_AGE_MS = 600_000
/** More than half is no anomaly any more; and so many records are no accident. */
const FLAGGED_SHARE = 0.5
const FEWEST_SCORED = 200

/** Says what is wrong with a pipeline, in words. */
export function conditionsOf(facts: OperationFacts, options: ConditionsOptions): readonly StandingOperation[] {
  const { activeId, modelAgeMs, trainerBeatAgeMs, scored, flagged, drift } = facts
  const { watchedMs, silence, open } = options
  const oldMs = oldestAgeMs(options)
  const found: StandingOperation[] = []
  const tell = (kind: string, detail: string, modelId: string | null = null) => found.push({ kind, detail, modelId })
  if (activeId === null) tell('no_model', 'no model is active, and nothing is scored')
  const hasWatched = watchedMs > TRAINER_DEAD_MS || open.includes('trainer_dead')
  if (trainerBeatAgeMs !== null && trainerBeatAgeMs > TRAINER_DEAD_MS && hasWatched) {
    tell('trainer_dead', `no trainer has led for ${inWords(trainerBeatAgeMs)}`)
  }
  if (modelAgeMs !== null && modelAgeMs > oldMs) {
    tell('model_too_old', `the model is ${inWords(modelAgeMs)} old; at most ${inWords(oldMs)} are due`, activeId)
  }
  const isStillSilent = open.includes('detector_silent') && !silence.hasBroken
  if (activeId !== null && (silence.ms > SILENT_MS || isStillSilent)) {
    tell('detector_silent', `records have come for ${inWords(silence.ms)}, and none was scored`, activeId)
  }
  if (scored >= FEWEST_SCORED && flagged > FLAGGED_SHARE * scored) {
    tell('everything_flagged', `${flagged} of the last ${scored} records were flagged`, activeId)
  }
  if (drift !== null) {
    const field = drift.field === null ? '' : `, ${drift.field} the most`
    tell('drift', `the scores have drifted (${drift.chart}) since ${drift.changedAt.toISOString()}${field}`, activeId)
  }
  return found
}

function oldestAgeMs({ training, now }: ConditionsOptions): number {
  const next = scheduledAfter(now, training)
  return Math.max(LEAST_AGE_MS, MISSED_FITS * (scheduledAfter(next, training) - next))
}

function inWords(ms: number): string {
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return `${(ms / 3_600_000).toFixed(1)} h`
}
