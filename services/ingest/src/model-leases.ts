import { isDeepStrictEqual } from 'node:util'
import type { Detector } from '@outflow/detector'
import { isRetryable, type OutflowError, toOutflowError } from '@outflow/errors'
import { retrying } from '@outflow/errors/retrying'
import type { StoredRecalibration } from '@outflow/store/models'
import type { ModelLease, OpenModel } from './batch.js'
import type { IngestTelemetry } from './telemetry.js'

export interface ModelLeasesOptions {
  /** Loads and opens a model; rejects with a retryable error if the store is not available. */
  readonly open: (modelId: string) => Promise<{ readonly detector: Detector; readonly promotedAt: Date | null }>
  /** The same for a candidate. */
  readonly openShadow: (modelId: string) => Promise<Detector>
  /** Undamaged models that were active before, latest first; rejects if the store is not available. */
  readonly earlier: () => Promise<readonly string[]>
  readonly telemetry: Pick<
    IngestTelemetry,
    | 'modelServed'
    | 'modelNotOpened'
    | 'modelLoadRetried'
    | 'noModelLeft'
    | 'modelRecalibrated'
    | 'shadowServed'
    | 'shadowFailed'
    | 'shadowEnded'
  >
  readonly signal: AbortSignal
}

export type ModelLeases = ReturnType<typeof keepModels>

/**
 * Loads, opens and closes the models that score batches: the active one, and the candidate that runs as its shadow. A new one is
 * loaded while the previous one is in use, and replaces it between batches.
 *
 * An active model that cannot be opened is logged, and the previous one stays in use, since scores of an older model are
 * better than none. If none is served yet, the latest earlier model that opens is served instead. A candidate that cannot be
 * opened is logged and does not score.
 */
export function keepModels({ open, openShadow, earlier, telemetry, signal }: ModelLeasesOptions) {
  /** The active model, if it could not be opened. */
  let notOpened: { readonly modelId: string; readonly error: OutflowError } | null = null
  let recalibration: StoredRecalibration | null = null
  /** Whether the shadow reads the same features as the active model: a batch is read with the features of one model. */
  let isComparable = false
  let resolveFirst: () => void = () => {}
  const first = new Promise<void>((resolve) => {
    resolveFirst = resolve
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

  const active = makeSlot({
    load: async (modelId, until) => {
      if (!(await serve(modelId)) && active.current === null) await serveEarlier(modelId, until)
    },
    onRetry: telemetry.modelLoadRetried,
    onError: (modelId, error) => telemetry.modelNotOpened(modelId, error, active.current?.modelId ?? null),
    signal,
  })

  const shadow = makeSlot({
    load: async (modelId, until) => {
      const detector = await openShadow(modelId)
      if (until.aborted) return detector.close()
      shadow.replace({ modelId, detector })
      updateIsComparable()
      telemetry.shadowServed(modelId)
    },
    onRetry: telemetry.shadowFailed,
    onError: (modelId, error) => telemetry.shadowFailed(modelId, error, 1),
    signal,
  })

  /** @returns false if it could not be opened; rejects if the store is not available */
  const serve = async (modelId: string, insteadOf: string | null = null): Promise<boolean> => {
    try {
      const { detector, promotedAt } = await open(modelId)
      const previousId = active.replace({ modelId, detector })?.modelId ?? null
      updateIsComparable()
      if (insteadOf === null) notOpened = null
      telemetry.modelServed(modelId, detector.metadata, { previousId, insteadOf, promotedAt })
      resolveFirst()
      return true
    } catch (thrown: unknown) {
      const error = toOutflowError(thrown)
      if (isRetryable(error)) throw error
      if (insteadOf === null) notOpened = { modelId, error }
      telemetry.modelNotOpened(modelId, error, active.current?.modelId ?? null)
      return false
    }
  }

  const serveEarlier = async (modelId: string, until: AbortSignal): Promise<void> => {
    for (const earlierId of await earlier()) {
      if (until.aborted || (await serve(earlierId, modelId))) return
    }
    telemetry.noModelLeft(modelId)
  }

  const updateIsComparable = (): void => {
    const featuresOf = (model: OpenModel | null) => model?.detector.metadata.features
    isComparable = isDeepStrictEqual(featuresOf(active.current), featuresOf(shadow.current))
  }

  return {
    /** Sets the active model; null: there is none yet. */
    serve: (modelId: string | null): void => {
      notOpened = null
      active.set(modelId)
    },
    /** Sets the candidate that scores as well; null: none. */
    shadow: (modelId: string | null): void => {
      if (shadow.current !== null) telemetry.shadowEnded(shadow.current.modelId)
      shadow.replace(null)
      shadow.set(modelId)
    },
    /** Recalibrates a model's p-values from the next batch on. */
    recalibrate: (stored: StoredRecalibration): void => {
      recalibration = stored
      telemetry.modelRecalibrated(stored)
    },
    /** Resolves when a first model is served, or the signal aborts. */
    first,
    /** The served model. */
    get current() {
      return active.current
    },
    get notOpened() {
      return notOpened
    },
    /** Returns a lease of the current models. @throws {Error} if none is served */
    borrow: (): ModelLease => {
      const own = active.lend()
      if (own === null) throw new Error('no model is served yet; wait for first')
      const compared = isComparable ? shadow.lend() : null
      const known = recalibration?.modelId === own.model.modelId ? recalibration : null
      return {
        ...own.model,
        recalibration: known?.recalibration ?? null,
        recalibrationId: known?.id ?? null,
        shadow: compared?.model ?? null,
        giveBack: () => {
          own.giveBack()
          compared?.giveBack()
        },
      }
    },
    /** Closes every model after loads in progress have ended. Leases must have ended. */
    close: async (): Promise<void> => {
      await active.close()
      await shadow.close()
    },
  }
}

interface SlotOptions {
  /** Loads a model and replaces the current one. `until` aborts when another model is set or the service stops. */
  readonly load: (modelId: string, until: AbortSignal) => Promise<void>
  readonly onRetry: (modelId: string, error: OutflowError, attempt: number) => void
  readonly onError: (modelId: string, error: OutflowError) => void
  readonly signal: AbortSignal
}

/** The model in one role. A replaced model is closed when its last lease has ended. */
function makeSlot({ load, onRetry, onError, signal }: SlotOptions) {
  let current: { readonly model: OpenModel; leases: number } | null = null
  let change = new AbortController()
  let loading: Promise<void> = Promise.resolve()
  const closing: Promise<void>[] = []

  const replace = (next: OpenModel | null): OpenModel | null => {
    const before = current
    current = next && { model: next, leases: 0 }
    if (before?.leases === 0) closing.push(before.model.detector.close())
    return before?.model ?? null
  }

  const loadUntil = async (modelId: string, until: AbortSignal): Promise<void> => {
    if (until.aborted || modelId === current?.model.modelId) return
    try {
      await retrying(() => load(modelId, until), {
        signal: until,
        onRetry: (error, attempt) => onRetry(modelId, error, attempt),
      })
    } catch (thrown: unknown) {
      if (!until.aborted) onError(modelId, toOutflowError(thrown))
    }
  }

  return {
    get current() {
      return current?.model ?? null
    },
    replace,
    set: (modelId: string | null): void => {
      change.abort()
      change = new AbortController()
      const until = AbortSignal.any([signal, change.signal])
      if (modelId !== null) loading = loading.then(() => loadUntil(modelId, until))
    },
    lend: () => {
      if (current === null) return null
      const held = current
      held.leases += 1
      return {
        model: held.model,
        giveBack: () => {
          held.leases -= 1
          if (held.leases === 0 && held !== current) closing.push(held.model.detector.close())
        },
      }
    },
    close: async (): Promise<void> => {
      change.abort()
      await loading
      replace(null)
      await Promise.all(closing)
    },
  }
}
