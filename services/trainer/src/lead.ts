import { isRetryable, toOutflowError } from '@outflow/errors'
import { keepTrying, makeWakeUp, pause, type WakeUp } from '@outflow/runtime'
import { countVerdicts } from '@outflow/store/anomalies'
import { beat } from '@outflow/store/health-events'
import { latestDriftAlarm, listModels, type ModelSummary } from '@outflow/store/models'
import { abandonFits, answerRequests, listFits, type StoredFit, waitingRequest } from '@outflow/store/training'
import { countWindow } from '@outflow/streams'
import { type Due, type DueOptions, type LastFit, whenDue } from './due.js'
import { effectsOn } from './effects.js'
import { readRecent } from './read-recent.js'
import { adoptCandidate, settleShadow } from './run-shadow.js'
import { tooFewInTopics } from './too-few.js'
import { trainOnce } from './train-once.js'
import type { TrainerContext } from './trainer-context.js'
import { type ScoreWatch, watchScores } from './watch-scores.js'
import { ANSWERED_CHARTS, windowFrom } from './window-from.js'

/** How often a window that is too small is counted again; counting reads no record. */
const ROWS_POLL_MS = 2_000
/** How often it is asked whether a fit is due; what somebody asks for rings at once. */
export const DUE_POLL_MS = 10_000
/** Of a window that does not grow, good records may still take the place of bad ones. */
const READ_AGAIN_MS = 60_000
/** A fit that failed is tried again after 5 s to 5 min: it may be the machine, and it may be the data. */
const FIT_BACKOFF = { firstMs: 10_000, maxMs: 300_000 }

const BEAT_EVERY_MS = 5_000

/** What the heartbeat reports; null: nothing keeps the trainer from fitting. */
interface Wait {
  why: string | null
}

/** Trains whenever it is due, until the leadership or the service ends. */
export async function lead(context: TrainerContext): Promise<void> {
  const { config, pool, telemetry, signal } = context
  const wakeUp = makeWakeUp()
  const watch = watchScores(context, (sinceMs) => readRecent(context, sinceMs))
  const requests = context.listen(wakeUp.wake)
  const stopped = new AbortController()
  const wait: Wait = { why: null }
  const beating = keepBeating(context, wait, AbortSignal.any([signal, stopped.signal]))
  try {
    await abandonFits(pool, config.pipeline)
    await adoptCandidate(context)
    await keepTrying(
      async (progressed) => {
        await lookAt(watch, context)
        await takeTurn(context, wait, wakeUp)
        progressed()
      },
      {
        signal,
        backoffOf: (error) => (isRetryable(error) ? {} : FIT_BACKOFF),
        onRetry: telemetry.trainingFailed,
      },
    )
  } finally {
    stopped.abort()
    await requests.close()
    await beating
  }
}

/** The heartbeat of a process that died or does not run on is overdue. */
async function keepBeating(
  { config, pool, telemetry }: TrainerContext,
  wait: Wait,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await beat(pool, { pipeline: config.pipeline, service: 'trainer', waitingFor: wait.why }).catch(
      (thrown: unknown) => {
        if (!signal.aborted) telemetry.storeConnectionLost(toOutflowError(thrown))
      },
    )
    await pause(BEAT_EVERY_MS, signal)
  }
}

/** What keeps the watch from looking keeps nobody from fitting. */
async function lookAt(watch: ScoreWatch, { telemetry, signal }: TrainerContext): Promise<void> {
  await watch.look().catch((thrown: unknown) => {
    if (!signal.aborted) telemetry.watchFailed(toOutflowError(thrown))
  })
}

/** Waits a little, or fits, whichever is due. */
async function takeTurn(context: TrainerContext, wait: Wait, wakeUp: WakeUp): Promise<void> {
  const { config, pool } = context
  // One at a time: a shadow is evaluated before the next fit.
  const shadowMs = await settleShadow(context)
  if (shadowMs !== null) return pause(Math.min(shadowMs, DUE_POLL_MS), context.signal)
  const { due, fromMs } = await dueNow(context)
  if (due.inMs > 0) return wakeUp.wait(context.signal, Math.min(due.inMs, DUE_POLL_MS))
  const tooFew = await tooFewRows(context, fromMs)
  if (tooFew !== null) {
    wait.why = tooFew
    return pause(ROWS_POLL_MS, context.signal)
  }
  const effects = effectsOn(context)
  const outcome = await trainOnce({
    ...context,
    because: due.because,
    fromMs,
    effects: {
      ...effects,
      openReport: async (report, incumbentId) => {
        wait.why = null
        const fitId = await effects.openReport(due.because, report, incumbentId)
        await answerRequests(pool, { pipeline: config.pipeline, fitId })
        return fitId
      },
    },
  })
  if (outcome.became !== 'too few') return
  wait.why = outcome.why
  await untilMore(context, fromMs, outcome.missing)
}

async function dueNow(context: TrainerContext): Promise<{ readonly due: Due; readonly fromMs: number }> {
  const { config, pool } = context
  const [models, fits, request, drift] = await Promise.all([
    listModels(pool, config.pipeline),
    listFits(pool, { pipeline: config.pipeline, limit: RECENT_FITS }),
    waitingRequest(pool, config.pipeline),
    config.training.onDrift ? latestDriftAlarm(pool, config.pipeline, ANSWERED_CHARTS) : null,
  ])
  const lastFit = lastOf(fits)
  const now = Date.now()
  const { fromMs, isDrifted } = await windowFrom({
    training: config.training,
    now,
    drift: drift && { changedMs: drift.changedAt.getTime(), notedMs: drift.notedAt.getTime() },
    isAnswered: (sinceMs) => fits.some(({ modelId, startedAt }) => modelId !== null && startedAt.getTime() >= sinceMs),
    countFrom: (sinceMs) => countFrom(context, sinceMs),
  })
  const mayGrow = lastFit !== null && lastFit.seen < config.training.maxRows
  const available = mayGrow ? await countFrom(context, fromMs) : 0
  const verdicts = await verdictsSince(context, models, fits)
  const due = whenDue(models, { config, now, lastFit, request, isDrifted, verdicts, available })
  return { due, fromMs }
}

/** On the active model's anomalies, since a fit that gave a model began: that one knew of those before. */
async function verdictsSince(
  { config, pool }: TrainerContext,
  models: readonly ModelSummary[],
  fits: readonly StoredFit[],
): Promise<DueOptions['verdicts']> {
  const active = models.find(({ state }) => state === 'active')
  if (active === undefined) return { ordinary: 0, confirmed: 0 }
  const since = fits.find(({ modelId }) => modelId !== null)?.startedAt ?? active.createdAt
  return countVerdicts(pool, { pipeline: config.pipeline, modelId: active.id, since })
}

/** Fits that failed stand between those that did not, if ever so many. */
const RECENT_FITS = 50

function lastOf(fits: readonly StoredFit[]): LastFit | null {
  const last = fits.find(({ modelId, endedAt }) => modelId !== null && endedAt !== null)
  if (last === undefined) return null
  return { endedMs: last.endedAt!.getTime(), seen: last.report.records.seen }
}

/** Why the topics cannot hold enough records for a fit, which is also logged; null where they may. */
async function tooFewRows(context: TrainerContext, fromMs: number): Promise<string | null> {
  const { config, telemetry, onProgress } = context
  const { minRows } = config.training
  const rows = await countFrom(context, fromMs)
  if (rows >= minRows) return null
  telemetry.rowsAwaited(rows, minRows - rows)
  onProgress?.({ stage: 'waiting', rows, minRows })
  return tooFewInTopics(rows, minRows)
}

/** Waits for as many more records as were missing, without reading those that are there again. */
async function untilMore(context: TrainerContext, fromMs: number, missing: number): Promise<void> {
  const wanted = (await countFrom(context, fromMs)) + missing
  const deadline = Date.now() + READ_AGAIN_MS
  while (!context.signal.aborted && Date.now() < deadline && (await countFrom(context, fromMs)) < wanted) {
    await pause(ROWS_POLL_MS, context.signal)
  }
}

function countFrom({ config, kafka }: TrainerContext, fromMs: number): Promise<number> {
  return countWindow(kafka, { topics: config.source.topics, fromMs })
}
