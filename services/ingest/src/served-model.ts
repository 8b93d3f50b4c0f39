import type { Detector } from '@outflow/detector'
import { isRetryable, toOutflowError } from '@outflow/errors'
import type { ModelLease } from './model-lease.js'
import type { IngestTelemetry } from './telemetry.js'

export interface ServedModelOptions {
  /** Loads and opens a model; rejects with a retryable error when the store is away. */
  readonly open: (modelId: string) => Promise<Detector>
  readonly telemetry: Pick<IngestTelemetry, 'modelServed' | 'modelRefused' | 'modelLoadRetried'>
  /** Waits before a load is tried again, less when the service stops. */
  readonly pause: (attempt: number) => Promise<void>
  readonly signal: AbortSignal
}

/** The model that batches are scored with. A newer one is opened beside it, and takes over between batches. */
export interface ServedModel {
  /** Told which model is the active one; told often, and while an earlier one is still being loaded. */
  follow(modelId: string | null): void
  /** Resolves when a first model is served, or the signal aborts. */
  readonly first: Promise<void>
  readonly current: { readonly modelId: string; readonly detector: Detector } | null
  /** Lends the current model. @throws {Error} when there is none */
  borrow(): ModelLease
  /** Closes every model, once the loads under way have ended. */
  close(): Promise<void>
}

interface Opened {
  readonly modelId: string
  readonly detector: Detector
  leases: number
}

/**
 * Follows the active model. A model that can not be opened is refused with an error in the log, and the one before goes
 * on: old scores are better than none.
 */
export function serveModel({ open, telemetry, pause, signal }: ServedModelOptions): ServedModel {
  let current: Opened | null = null
  let wanted: string | null = null
  let loading: Promise<void> = Promise.resolve()
  const closing: Promise<void>[] = []
  let announceFirst: () => void = () => {}
  const first = new Promise<void>((resolve) => {
    announceFirst = resolve
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

  const load = async (modelId: string): Promise<void> => {
    for (let attempt = 1; modelId === wanted && modelId !== current?.modelId && !signal.aborted; attempt += 1) {
      try {
        serve({ modelId, detector: await open(modelId), leases: 0 })
      } catch (thrown: unknown) {
        const error = toOutflowError(thrown)
        if (!isRetryable(error)) {
          telemetry.modelRefused(modelId, error, current?.modelId ?? null)
          return
        }
        telemetry.modelLoadRetried(modelId, error, attempt)
        await pause(attempt)
      }
    }
  }

  const serve = (opened: Opened): void => {
    const before = current
    current = opened
    if (before?.leases === 0) closing.push(before.detector.close())
    telemetry.modelServed(opened.modelId, opened.detector.metadata, before?.modelId ?? null)
    announceFirst()
  }

  return {
    follow: (modelId) => {
      wanted = modelId
      if (modelId !== null) loading = loading.then(() => load(modelId))
    },
    first,
    get current() {
      return current
    },
    borrow: () => {
      if (current === null) throw new Error('no model is served yet; wait for first')
      const lent = current
      lent.leases += 1
      return {
        modelId: lent.modelId,
        detector: lent.detector,
        giveBack: () => {
          lent.leases -= 1
          // A model that was replaced lives until its last batch has ended.
          if (lent.leases === 0 && lent !== current) closing.push(lent.detector.close())
        },
      }
    },
    close: async () => {
      wanted = null
      await loading
      await Promise.all([...closing, current?.detector.close()])
    },
  }
}
