import type { Config, Recalibration } from '@outflow/contracts'
import {
  alertRateOf,
  type Detector,
  type DriftAlarm,
  decide,
  decisionRule,
  driftLimit,
  openDetector,
  recalibrate,
  recalibrationDistance,
  type Scores,
  type Surplus,
  trainDetector,
  withDetector,
} from '@outflow/detector'
import { makeDecoder } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { type Log, makeMetrics } from '@outflow/runtime'
import type { ModelSummary } from '@outflow/store/models'
import { minuteScores, type ScoreMinute } from '@outflow/store/statistics'
import { type Due, whenDue } from '../../../services/trainer/src/due.js'
import { passGate } from '../../../services/trainer/src/fit/gate.js'
import { trainOnce } from '../../../services/trainer/src/fit/train-once.js'
import { makeTelemetry } from '../../../services/trainer/src/telemetry.js'
import {
  bucketsOf,
  evaluateScores,
  LEAST_DIFFERENCE,
  recalibrationLimit,
} from '../../../services/trainer/src/watch/evaluate-scores.js'
import { isNewRegime, NEWEST_ANOMALIES } from '../../../services/trainer/src/watch/new-regime.js'
import { FIT_CHARTS, windowFrom } from '../../../services/trainer/src/window/window-from.js'
import type { History } from './history.js'

const MINUTE_MS = 60_000
/** Simulated time of a fit until its promotion; the measured time is reported as well. */
const FIT_MS = 60_000

/** An event for the report. */
interface Alarm {
  readonly atMs: number
  readonly chart: string
  /** The time at which the change began. */
  readonly changedMs: number
}

interface Kept {
  readonly summary: ModelSummary
  readonly artefact: Uint8Array
}

interface Active extends Kept {
  readonly detector: Detector
  readonly minutes: Map<number, ScoreMinute>
  /** The newest anomalies, in order of time. */
  readonly flagged: { readonly fields: Fields; readonly atMs: number }[]
  alarm: (DriftAlarm & { readonly notedMs: number }) | null
  recalibration: Recalibration | null
}

/** outflow without Kafka and Postgres: the functions of its services, on a store in memory and with a simulated clock. */
export function makeSimulatedPipeline(config: Config, history: History) {
  const { training, detection } = config
  const decoder = makeDecoder(config.source)
  const telemetry = makeTelemetry(SILENT, makeMetrics({}, { ofProcess: false }), detection)
  const limit = driftLimit(training.falseDriftEvery / MINUTE_MS)
  const models: Kept[] = []
  const fits: {
    readonly modelId: string
    readonly startedMs: number
    readonly endedMs: number
    readonly offsets: number
    readonly seen: number
    readonly good: number
  }[] = []
  const alarms: Alarm[] = []
  /** Times at which a model became active. */
  const promotions: number[] = []
  const fitSeconds: number[] = []
  let active: Active | null = null
  let coming: { readonly atMs: number; readonly take: () => Promise<void> } | null = null
  let lastAlarm: { readonly changedMs: number; readonly chart: DriftAlarm['chart']; readonly notedMs: number } | null =
    null

  return { ingest, look, score, alarms, promotions, fitSeconds, close: async () => active?.detector.close() }

  /** Scores a batch as ingest does. @returns the p-values of the decisions; null while there is no model */
  async function ingest(batch: readonly Fields[], times: readonly number[]): Promise<Float64Array | null> {
    if (active === null) return null
    const { nll, pValue: own } = await active.detector.score(batch)
    const { metadata } = active.detector
    const pValue = recalibrate(active.recalibration, own)
    const { isAnomaly, anomalies } = decide(pValue, decisionRule(detection, metadata))
    for (const { index } of anomalies) active.flagged.push({ fields: batch[index]!, atMs: times[index]! })
    active.flagged.splice(0, active.flagged.length - NEWEST_ANOMALIES)
    for (const more of minuteScores(metadata.modelId, times, nll, isAnomaly, own)) {
      active.minutes.set(more.minuteMs, merged(active.minutes.get(more.minuteMs), more))
    }
    return pValue
  }

  /** Scores records that are not part of the stream with the current model and recalibration. */
  async function score(batch: readonly Fields[]): Promise<Pick<Scores, 'nll' | 'pValue'>> {
    const { nll, pValue } = await active!.detector.score(batch)
    return { nll, pValue: recalibrate(active!.recalibration, pValue) }
  }

  /** Runs the work that the trainer does every 15 seconds. */
  async function look(nowMs: number): Promise<void> {
    if (coming !== null) {
      // While a fit runs, drift is not checked.
      if (nowMs < coming.atMs) return
      await coming.take()
      coming = null
    }
    if (active !== null) await watch(active, nowMs)
    const { due, fromMs } = await dueNow(nowMs)
    if (due.inMs > 0 || history.countFrom(fromMs) < training.minRows) return
    await train(due, fromMs, nowMs)
  }

  async function watch(own: Active, nowMs: number): Promise<void> {
    const minutes = [...own.minutes.values()].filter(({ minuteMs }) => minuteMs + MINUTE_MS <= nowMs)
    const { metadata } = own.detector
    const alertRate = alertRateOf(detection, metadata)
    const within = recalibrationLimit(detection.recalibrateWithin, metadata, alertRate)
    const buckets = bucketsOf(own.detector)
    const read = evaluateScores(minutes, { buckets, last: own.alarm, limit, alertRate, within })
    const alarm = read.alarm ?? (read.surplus && (await newsIn(read.surplus, own)))
    if (alarm !== null) {
      own.alarm = { ...alarm, notedMs: nowMs }
      if (FIT_CHARTS.includes(alarm.chart)) lastAlarm = { ...alarm, notedMs: nowMs }
      alarms.push({ atMs: nowMs, chart: alarm.chart, changedMs: alarm.changedMs })
    }
    const { recalibration } = read
    if (recalibration !== null && recalibrationDistance(recalibration, own.recalibration) >= LEAST_DIFFERENCE)
      own.recalibration = recalibration
  }

  async function newsIn(surplus: Surplus, { detector, flagged }: Active): Promise<DriftAlarm | null> {
    const since = flagged.filter(({ atMs }) => atMs >= surplus.changedMs).map(({ fields }) => fields)
    return (await isNewRegime(detector, since)) ? { chart: 'new value', ...surplus } : null
  }

  async function dueNow(nowMs: number): Promise<{ readonly due: Due; readonly fromMs: number }> {
    const { fromMs, isDrifted } = await windowFrom({
      training,
      now: nowMs,
      drift: training.onDrift ? lastAlarm : null,
      hasFitSince: (notedMs) => fits.some(({ startedMs }) => startedMs >= notedMs),
      countFrom: async (sinceMs) => history.countFrom(sinceMs),
    })
    const lastFit = fits.at(-1) ?? null
    const summaries = models.map(({ summary }) => summary).toReversed()
    const available = history.countFrom(fromMs)
    const asked = { request: null, isDrifted, verdicts: { dismissed: 0, confirmed: 0 } }
    return { due: whenDue(summaries, { config, now: nowMs, lastFit, ...asked, available }), fromMs }
  }

  async function train({ because }: Due, fromMs: number, nowMs: number): Promise<void> {
    const began = performance.now()
    let take = async () => {}
    await trainOnce({
      config,
      decoder,
      because,
      fromMs,
      offsets: history.countFrom(fromMs),
      fewest: training.minRows,
      effects: {
        readWindow: async ({ maxRows, seed, keep }) => ({
          records: history.sample(fromMs, maxRows, seed).map(keep),
          seen: history.countFrom(fromMs),
          isCutShort: false,
        }),
        incumbent: async () =>
          active && { id: active.summary.id, artefact: active.artefact, metadata: active.detector.metadata },
        leftOut: async () => ({ confirmed: new Set(), spans: [] }),
        openReport: async () => '1',
        noteStep: async () => {},
        closeReport: async (_, { modelId }) => {
          const seen = history.countFrom(fromMs)
          fits.push({ modelId: modelId!, startedMs: nowMs, endedMs: nowMs + FIT_MS, offsets: seen, seen, good: seen })
        },
        train: trainDetector,
        score: (candidate, records) => withDetector(candidate, async (detector) => (await detector.score(records)).nll),
        passGate: (options) => passGate({ ...options, open: openDetector }),
        isNewest: async () => true,
        store: async ({ id, artefact, metadata, metrics }) => {
          const known = models.find(({ summary }) => summary.id === id)
          if (known !== undefined) return known.summary.state
          models.push({
            artefact,
            summary: { id, metadata, metrics, state: 'candidate', createdAt: new Date(nowMs + FIT_MS) } as ModelSummary,
          })
          return 'candidate'
        },
        promote: async (id) => {
          take = () => promote(id, nowMs + FIT_MS)
          return 'promoted'
        },
        failGate: async (id) => setState(id, 'failed_gate'),
      },
      telemetry,
      signal: new AbortController().signal,
    })
    fitSeconds.push((performance.now() - began) / 1_000)
    coming = { atMs: nowMs + FIT_MS, take }
  }

  async function promote(id: string, atMs: number): Promise<void> {
    if (active !== null) {
      setState(active.summary.id, 'retired')
      await active.detector.close()
    }
    setState(id, 'active')
    const { summary, artefact } = models.find((model) => model.summary.id === id)!
    active = {
      summary,
      artefact,
      detector: await openDetector(artefact),
      minutes: new Map(),
      flagged: [],
      alarm: null,
      recalibration: null,
    }
    promotions.push(atMs)
  }

  function setState(id: string, state: ModelSummary['state']): void {
    const at = models.findIndex(({ summary }) => summary.id === id)
    models[at] = { ...models[at]!, summary: { ...models[at]!.summary, state } }
  }
}

/** Only counts are summed. */
function merged(known: ScoreMinute | undefined, more: ScoreMinute): ScoreMinute {
  if (known === undefined) return more
  return {
    minuteMs: more.minuteMs,
    scored: known.scored + more.scored,
    anomalies: known.anomalies + more.anomalies,
    histogram: known.histogram.map((count, bucket) => count + more.histogram[bucket]!),
    pHistogram: known.pHistogram.map((count, bucket) => count + more.pHistogram[bucket]!),
  }
}

const ignored = () => {}
const SILENT: Log = { debug: ignored, info: ignored, warn: ignored, error: ignored, child: () => SILENT }
