import { type Config, type HealthEventKindName, scheduledAfter } from '@outflow/contracts'
import { formatDuration, formatShare } from '@outflow/contracts/wording'
import type { Condition, HealthFacts } from '@outflow/store/health-events'
import { type RecentCounts, WINDOW_MS } from './recent-counts.js'
import type { Silence } from './silence.js'

export interface ConditionsOptions {
  readonly training: Pick<Config['training'], 'every' | 'cron'>
  readonly now: number
  /** Time since the last heartbeat of a leading trainer; null: there was none. */
  readonly trainerBeatAgeMs: number | null
  /** How long this process has checked the pipeline. */
  readonly watchedMs: number
  readonly silence: Silence
  readonly recent: RecentCounts
  /** The open kinds: a new leader does not end a kind before it has checked the pipeline for long enough. */
  readonly open: readonly string[]
  /** The reason if no model is active. */
  readonly whyNoModel: string
}

/** Four times the longest takeover. */
const TRAINER_DEAD_MS = 60_000
const SILENT_MS = 60_000
/** In scheduled fits: the condition begins after two fits that failed their gate. */
const MISSED_FITS = 3
/** With a schedule of seconds, fits take longer than the interval. */
const LEAST_AGE_MS = 600_000
/** More than half of the records cannot be anomalies; 200 records exclude a random excess. */
const TOO_MANY_SHARE = 0.5
const FEWEST_SCORED = 200
/** If fewer than 7 are usual, 20 occur by chance once in 50,000 checks (Poisson). */
const FEWEST_REJECTED = 20
const REJECTED_SHARE = 0.5
/** Of a topic in which every second record is of another kind, the share is just above a half and just below by turns. */
const STILL_REJECTED_SHARE = 0.45
const LEAST_REJECTED_SHARE = 0.01
const REJECTED_RISE = 3

/** Returns the current conditions of a pipeline, each with a sentence. */
export function conditionsOf(facts: HealthFacts, options: ConditionsOptions): readonly Condition[] {
  const { activeId, modelAgeMs, drift } = facts
  const { trainerBeatAgeMs, watchedMs, silence, recent, open } = options
  const found: Condition[] = []
  const add = (kind: HealthEventKindName, detail: string, modelId: string | null = null) =>
    found.push({ kind, detail, modelId })
  if (activeId === null) add('no_model', `no model is active, and nothing is scored: ${options.whyNoModel}`)
  const hasWatched = watchedMs > TRAINER_DEAD_MS || open.includes('trainer_dead')
  if (trainerBeatAgeMs !== null && trainerBeatAgeMs > TRAINER_DEAD_MS && hasWatched) {
    add('trainer_dead', `no trainer has led for ${formatDuration(trainerBeatAgeMs)}`)
  }
  if (modelAgeMs !== null) {
    const mostMs = largestAgeMs(modelAgeMs, options)
    const age = `the model is ${formatDuration(modelAgeMs)} old; expected: at most ${formatDuration(mostMs)}`
    if (modelAgeMs > mostMs) add('model_too_old', age, activeId)
  }
  const isStillSilent = open.includes('detector_silent') && !silence.hasEnded
  if (activeId !== null && (silence.ms > SILENT_MS || isStillSilent)) {
    // A new leader has measured no time yet.
    const during = silence.ms === 0 ? '' : ` for ${formatDuration(silence.ms)}`
    add('detector_silent', `records have arrived${during}, and none was scored`, activeId)
  }
  if (areTooManyRejected(options)) add('records_rejected', rejectionsInWords(facts, recent))
  // Few records are counted after a change of leader, or if the counters decreased.
  const isStillFlooded = open.includes('too_many_anomalies') && recent.watchedMs < WINDOW_MS
  const { scored, anomalies } = recent
  if (scored < FEWEST_SCORED ? isStillFlooded : anomalies > TOO_MANY_SHARE * scored) {
    add('too_many_anomalies', anomaliesInWords(recent), activeId)
  }
  if (drift !== null) {
    const field = drift.field === null ? '' : `, ${drift.field} the most`
    add('drift', `the scores have drifted (${drift.chart}) since ${drift.changedAt.toISOString()}${field}`, activeId)
  }
  return found
}

/** The age that a model has when the scheduled fits that may fail have failed: a cron pattern may pause at night or for a weekend. */
function largestAgeMs(modelAgeMs: number, { training, now }: ConditionsOptions): number {
  const fittedMs = now - modelAgeMs
  let dueMs = fittedMs
  for (let fit = 0; fit < MISSED_FITS; fit++) dueMs = scheduledAfter(dueMs, training)
  return Math.max(LEAST_AGE_MS, dueMs - fittedMs)
}

/** Whether more than half are rejected, or more than three times the usual share; once begun, until the share is back to the usual. */
function areTooManyRejected({ recent, open }: ConditionsOptions): boolean {
  const { received, rejected, usualShare } = recent
  const isOpen = open.includes('records_rejected')
  if ((isOpen ? received : rejected) < FEWEST_REJECTED) return isOpen
  const [rise, most] = isOpen ? [1, STILL_REJECTED_SHARE] : [REJECTED_RISE, REJECTED_SHARE]
  return rejected > Math.min(most, Math.max(LEAST_REJECTED_SHARE, rise * usualShare)) * received
}

function anomaliesInWords({ scored, anomalies }: RecentCounts): string {
  if (scored < FEWEST_SCORED)
    return `records were anomalies, and fewer than ${FEWEST_SCORED} newer ones have been scored`
  return `${anomalies} of the last ${scored} records are anomalies`
}

function rejectionsInWords({ rejectedFor }: HealthFacts, { received, rejected, usualShare }: RecentCounts): string {
  const reason = rejectedFor === null ? '' : `, most of them for ${rejectedFor}`
  if (received === 0) return `records were rejected${reason}; no newer ones have arrived`
  return `${rejected} of the last ${received} records were rejected${reason}; before, ${formatShare(usualShare)} were`
}
