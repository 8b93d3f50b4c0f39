import { isRetryable, type OutflowError, toOutflowError } from '@outflow/errors'
import { isPowerOfTwo, keepTrying, makeWakeUp, pause, type WakeUp } from '@outflow/errors/retrying'
import { keepLeading, storeTime } from '@outflow/store'
import { countVerdicts } from '@outflow/store/anomalies'
import { beat } from '@outflow/store/health-events'
import { latestDriftAlarm, listModels, type ModelSummary } from '@outflow/store/models'
import { abandonFits, assignFit, listFits, type StoredFit, waitingRequest } from '@outflow/store/training'
import { countWindow, TopicUnknown } from '@outflow/streams'
import { applyLabels } from './apply-labels.js'
import { type DueOptions, type LastFit, whenDue } from './due.js'
import { effectsOn } from './effects.js'
import { trainOnce } from './fit/train-once.js'
import { adoptCandidate, settleShadow } from './shadow/run-shadow.js'
import type { TrainerContext } from './trainer-context.js'
import { readRecentBy } from './watch/read-recent.js'
import { watchScores } from './watch/watch-scores.js'
import { fewestRows, PROVISIONAL_ROWS, tooFewInTopics } from './window/fewest-rows.js'
import { FIT_CHARTS, windowFrom } from './window/window-from.js'

/** How often a window that is too small is counted again; counting reads no records. */
const ROWS_POLL_MS = 2_000
/** How often the trainer checks whether a fit is due; a request triggers a check at once. */
export const DUE_POLL_MS = 10_000
/** A window that does not grow is read again after this time, because good records may have replaced rejected ones. */
const READ_AGAIN_MS = 60_000
/** A failed fit is retried after 5 s to 5 min, because the cause may be temporary. */
const FIT_BACKOFF = { firstMs: 10_000, maxMs: 300_000 }
/** Until somebody creates the topic or corrects its name. */
const TOPIC_BACKOFF = { firstMs: 5_000, maxMs: 60_000 }

const BEAT_EVERY_MS = 5_000

/** How the trainer waits for records. */
interface Wait {
  /** What it waits for, as the heartbeat reports it; null: it does not wait. */
  why: string | null
  /** The error that ended the last attempt; null: it had none, or another fit has begun. */
  failure: OutflowError | null
  /** Since when the topics have enough records for a provisional model, ms of `performance.now`; null: they do not. */
  enoughSinceMs: number | null
}

/** Fits whenever this trainer leads and a fit is due, until the signal aborts. Every error is logged and retried. */
export function keepFitting(context: TrainerContext): Promise<void> {
  const { config, pool, telemetry, signal } = context
  const options = { signal, onRetry: telemetry.leadershipInterrupted }
  return keepLeading(
    pool,
    `outflow-trainer-${config.pipeline}`,
    (own, progressed) => lead(context, own.signal, progressed),
    options,
  )
}

/**
 * Fits whenever a fit is due, until the leadership or the service ends. A fit that has begun continues when the leadership is lost.
 *
 * @param signal      aborts when the leadership is lost, or with the service
 * @param onProgress  called after each check whether a fit is due
 */
async function lead(service: TrainerContext, signal: AbortSignal, onProgress: () => void): Promise<void> {
  const context = { ...service, signal }
  const { config, pool, telemetry } = context
  telemetry.leadershipTaken()
  const wakeUp = makeWakeUp()
  const checkScores = watchScores(context, readRecentBy(context))
  const requests = context.listen(wakeUp.wake)
  const stopped = new AbortController()
  const wait: Wait = { why: null, failure: null, enoughSinceMs: null }
  const beating = keepBeating(service, wait, AbortSignal.any([service.signal, stopped.signal]))
  try {
    await adoptCandidate(context).catch((thrown: unknown) => {
      if (signal.aborted || isRetryable(thrown)) throw thrown
      // A candidate that is damaged prevents no fit.
      telemetry.trainingFailed(toOutflowError(thrown), 1, 0)
    })
    await keepTrying(
      async (progressed) => {
        // Of a trainer that was killed, or of an earlier leadership of this one that could not close its fit.
        await abandonFits(pool, config.pipeline)
        // An error of these two does not prevent fits.
        await checkScores().catch((thrown: unknown) => {
          if (!signal.aborted) telemetry.watchFailed(toOutflowError(thrown))
        })
        await applyLabels(context).catch((thrown: unknown) => {
          if (!signal.aborted) telemetry.labelsFailed(toOutflowError(thrown))
        })
        await fitIfDue(service, signal, wait, wakeUp)
        wait.failure = null
        progressed()
        onProgress()
      },
      {
        signal,
        backoffOf,
        onRetry: (error, attempt, waitMs) => {
          wait.failure = error
          telemetry.trainingFailed(error, attempt, waitMs)
        },
      },
    )
  } finally {
    stopped.abort()
    await requests.close()
    await beating
  }
}

function backoffOf(error: unknown) {
  if (error instanceof TopicUnknown) return TOPIC_BACKOFF
  return isRetryable(error) ? {} : FIT_BACKOFF
}

/** Stores heartbeats; that of a process that was killed or hangs becomes overdue. */
function keepBeating({ config, pool, telemetry }: TrainerContext, wait: Wait, signal: AbortSignal): Promise<void> {
  return keepTrying(
    async (progressed) => {
      // It can also have failed before a fit: when it checked whether one is due.
      const waitingFor = wait.failure === null ? wait.why : `the trainer failed and retries: ${wait.failure.message}`
      await beat(pool, { pipeline: config.pipeline, service: 'trainer', waitingFor })
      progressed()
      await pause(BEAT_EVERY_MS, signal)
    },
    {
      signal,
      onRetry: (error, attempt) => {
        if (isPowerOfTwo(attempt)) telemetry.storeConnectionLost(error)
      },
    },
  )
}

/** Fits if a fit is due, else waits for a moment. */
async function fitIfDue(service: TrainerContext, signal: AbortSignal, wait: Wait, wakeUp: WakeUp): Promise<void> {
  const context = { ...service, signal }
  const { config, pool, telemetry } = context
  // A shadow is evaluated before the next fit.
  const shadowMs = await settleShadow(context, async () => (await dueNow(context)).due.inMs <= 0)
  if (shadowMs !== null) {
    wait.why =
      'a candidate runs as a shadow, and no fit starts before it is promoted or has failed; outflow models promote ends it'
    return pause(Math.min(shadowMs, DUE_POLL_MS), context.signal)
  }
  const { due, fromMs, active } = await dueNow(context)
  if (due.inMs > 0) {
    wait.why = null
    return wakeUp.wait(context.signal, Math.min(due.inMs, DUE_POLL_MS))
  }
  const rows = await countFrom(context, fromMs)
  if (rows < PROVISIONAL_ROWS) wait.enoughSinceMs = null
  else wait.enoughSinceMs ??= performance.now()
  const enoughForMs = wait.enoughSinceMs === null ? 0 : performance.now() - wait.enoughSinceMs
  const fewest = fewestRows({ training: config.training, active, enoughForMs })
  if (rows < fewest) {
    const { minRows } = config.training
    telemetry.rowsAwaited(rows, minRows - rows)
    wait.why = tooFewInTopics(rows, minRows, active === undefined)
    return pause(ROWS_POLL_MS, context.signal)
  }
  const effects = effectsOn(service)
  const outcome = await trainOnce({
    ...service,
    because: due.because,
    fromMs,
    offsets: rows,
    fewest,
    effects: {
      ...effects,
      openReport: async (...report) => {
        wait.why = null
        wait.failure = null
        const fitId = await effects.openReport(...report)
        await assignFit(pool, { pipeline: config.pipeline, fitId })
        return fitId
      },
    },
  }).catch((thrown: unknown) => {
    if (!signal.aborted) telemetry.fitFailed()
    throw thrown
  })
  if (outcome.became !== 'too few') return
  wait.why = outcome.why
  await untilMore(context, fromMs, outcome.missing)
}

async function dueNow(context: TrainerContext) {
  const { config, pool } = context
  const [now, models, fits, request, drift] = await Promise.all([
    storeTime(pool),
    listModels(pool, config.pipeline),
    listFits(pool, { pipeline: config.pipeline, limit: RECENT_FITS }),
    waitingRequest(pool, config.pipeline),
    config.training.onDrift ? latestDriftAlarm(pool, { pipeline: config.pipeline, charts: FIT_CHARTS }) : null,
  ])
  const lastFit = lastOf(fits)
  const { fromMs, isDrifted } = await windowFrom({
    training: config.training,
    now,
    drift: drift && { changedMs: drift.changedAt.getTime(), notedMs: drift.notedAt.getTime() },
    hasFitSince: (sinceMs) => fits.some(({ modelId, startedAt }) => modelId !== null && startedAt.getTime() >= sinceMs),
    countFrom: (sinceMs) => countFrom(context, sinceMs),
  })
  const mayGrow = lastFit !== null && lastFit.seen < config.training.maxRows
  const available = mayGrow ? await countFrom(context, fromMs) : 0
  const active = models.find(({ state }) => state === 'active')
  const verdicts = await verdictsSince(context, active, fits)
  const due = whenDue(models, { config, now, lastFit, request, isDrifted, verdicts, available })
  return { due, fromMs, active }
}

/** Counts verdicts on the active model's anomalies since the last fit that produced a model; that fit used the earlier verdicts. */
async function verdictsSince(
  { config, pool }: TrainerContext,
  active: ModelSummary | undefined,
  fits: readonly StoredFit[],
): Promise<DueOptions['verdicts']> {
  if (active === undefined) return { dismissed: 0, confirmed: 0 }
  const since = fits.find(({ modelId }) => modelId !== null)?.startedAt ?? active.createdAt
  return countVerdicts(pool, { pipeline: config.pipeline, modelId: active.id, since })
}

/** Enough to find the last successful fit among failed ones. */
const RECENT_FITS = 50

function lastOf(fits: readonly StoredFit[]): LastFit | null {
  const last = fits.find(({ modelId, endedAt }) => modelId !== null && endedAt !== null)
  if (last === undefined) return null
  const { offsets, seen, fitted, heldOut } = last.report.records
  return { modelId: last.modelId!, endedMs: last.endedAt!.getTime(), offsets, seen, good: fitted + heldOut }
}

/** Waits until the topics have as many more records as were missing, by counting offsets. */
async function untilMore(context: TrainerContext, fromMs: number, missing: number): Promise<void> {
  const wanted = (await countFrom(context, fromMs)) + missing
  const deadline = performance.now() + READ_AGAIN_MS
  while (!context.signal.aborted && performance.now() < deadline && (await countFrom(context, fromMs)) < wanted) {
    await pause(ROWS_POLL_MS, context.signal)
  }
}

function countFrom({ config, kafka }: TrainerContext, fromMs: number): Promise<number> {
  return countWindow(kafka, { topics: config.source.topics, fromMs })
}
