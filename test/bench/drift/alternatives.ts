import type { Config } from '@outflow/contracts'
import { alertRateOf, type Detector, openDetector, trainDetector } from '@outflow/detector'
import { type Fields, isRejection, makeReader } from '@outflow/records'
import type { History } from './history.js'

/** Another method of adapting to a stream; [count] flags, null while it has no model. */
export interface Alternative {
  readonly name: string
  ingest(batch: readonly Fields[], nowMs: number): Promise<Uint8Array | null>
  /** Called every 15 seconds. */
  look(nowMs: number): Promise<void>
  close(): Promise<void>
}

const FIT_MS = 60_000
const HOUR_MS = 3_600_000
const SIGMAS = 3

/** Fits a model to the records since a time; used for the first and later models of the alternatives. */
export async function fitSince(config: Config, history: History, fromMs: number): Promise<Detector> {
  const { features, model, training, detection } = config
  const read = makeReader(features)
  const records = history
    .sample(fromMs, training.maxRows, training.seed)
    .map(({ value }) => read(JSON.parse(String(value))))
    .filter((fields): fields is Fields => !isRejection(fields))
  const alertRate = alertRateOf(detection, {})
  const { artefact } = await trainDetector({ features, records, model, training, alertRate })
  return openDetector(artefact)
}

/** A model of the first hour, never fitted again. With it, on the same scores: mean + 3σ of the last hour. */
export function trainedOnce(config: Config, first: () => Detector | null): readonly [Alternative, Alternative] {
  const alertRate = alertRateOf(config.detection, {})
  let scored: { readonly batch: readonly Fields[]; readonly nll: Float64Array; readonly pValue: Float64Array } | null =
    null
  const minutes: { atMs: number; count: number; sum: number; squares: number }[] = []
  const score = async (batch: readonly Fields[]) => {
    const detector = first()
    if (detector === null) return null
    if (scored?.batch !== batch) scored = { batch, ...(await detector.score(batch)) }
    return scored
  }
  return [
    {
      name: 'trained once',
      ingest: async (batch) => flagsOf((await score(batch))?.pValue, (p) => p <= alertRate),
      look: async () => {},
      close: async () => first()?.close(),
    },
    {
      name: 'mean + 3σ',
      ingest: async (batch, nowMs) => {
        const nll = (await score(batch))?.nll
        if (nll === undefined) return null
        while (minutes.length > 0 && minutes[0]!.atMs < nowMs - HOUR_MS) minutes.shift()
        const total = (pick: (minute: (typeof minutes)[number]) => number) =>
          minutes.reduce((sum, minute) => sum + pick(minute), 0)
        const count = total((minute) => minute.count)
        const mean = total(({ sum }) => sum) / count
        const line =
          count === 0
            ? Number.POSITIVE_INFINITY
            : mean + SIGMAS * Math.sqrt(total(({ squares }) => squares) / count - mean ** 2)
        minutes.push({
          atMs: nowMs,
          count: nll.length,
          sum: nll.reduce((s, own) => s + own, 0),
          squares: nll.reduce((q, own) => q + own * own, 0),
        })
        return flagsOf(nll, (own) => own > line)
      },
      look: async () => {},
      close: async () => {},
    },
  ]
}

/** The model of the first hour, and then a model of the last window at every interval, promoted without a gate. */
export function retrainedBlindly(config: Config, history: History, first: () => Detector | null): Alternative {
  const { every, window } = config.training
  const alertRate = alertRateOf(config.detection, {})
  let own: Detector | null = null
  let next: { readonly atMs: number; readonly detector: Detector } | null = null
  let fittedMs = Number.NEGATIVE_INFINITY
  return {
    name: 'retrained blindly',
    ingest: async (batch) => {
      const detector = own ?? first()
      return detector === null ? null : flagsOf((await detector.score(batch)).pValue, (p) => p <= alertRate)
    },
    look: async (nowMs) => {
      if (first() === null) return
      if (fittedMs < 0) fittedMs = nowMs
      if (next !== null && nowMs >= next.atMs) {
        await own?.close()
        own = next.detector
        next = null
      }
      if (nowMs - fittedMs < every) return
      fittedMs = nowMs
      next = { atMs: nowMs + FIT_MS, detector: await fitSince(config, history, nowMs - window) }
    },
    close: async () => {
      await own?.close()
      await next?.detector.close()
    },
  }
}

function flagsOf(values: Float64Array | undefined, isAnomaly: (value: number) => boolean): Uint8Array | null {
  return values === undefined ? null : Uint8Array.from(values, (value) => (isAnomaly(value) ? 1 : 0))
}
