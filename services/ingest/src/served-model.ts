import type { Detector, Following } from '@outflow/detector'
import { isRetryable, type OutflowError, toOutflowError } from '@outflow/errors'
import type { StoredFollowing } from '@outflow/store/models'
import { longestPause } from './longest-pause.js'
import type { ModelLease } from './model-lease.js'
import { makeModelLeases, type OpenModel } from './model-leases.js'
import type { IngestTelemetry } from './telemetry.js'

export interface ServedModelOptions {
  /** Loads and opens a model; rejects with a retryable error when the store is away. */
  readonly open: (modelId: string) => Promise<OpenedModel>
  /** Which models were active before and are whole, the latest first; rejects when the store is away. */
  readonly earlier: () => Promise<readonly string[]>
  readonly telemetry: Pick<
    IngestTelemetry,
    'modelServed' | 'modelRefused' | 'modelLoadRetried' | 'noModelLeft' | 'scoresFollowed'
  >
  /** Waits before a load is tried again, less when the service stops. */
  readonly pause: (attempt: number) => Promise<void>
  readonly signal: AbortSignal
}

export interface OpenedModel {
  readonly detector: Detector
  readonly promotedAt: Date | null
}

/** The model that batches are scored with. A newer one is opened beside it, and takes over between batches. */
export interface ServedModel {
  /** Told which model is the active one; told often, and while an earlier one is still being loaded. */
  follow(modelId: string | null): void
  /** Told how the p-values of a model are moved from now on. */
  move(following: StoredFollowing): void
  /** Resolves when a first model is served, or the signal aborts. */
  readonly first: Promise<void>
  readonly current: OpenModel | null
  /** The active model, while it is one that could not be opened. */
  readonly refused: RefusedModel | null
  /** Lends the current model. @throws {Error} when there is none */
  borrow(): ModelLease
  /** Closes every model, once the loads under way have ended. */
  close(): Promise<void>
}

export interface RefusedModel {
  readonly modelId: string
  readonly error: OutflowError
}

/**
 * Follows the active model. A model that can not be opened is refused with an error in the log, and the one before goes
 * on: old scores are better than none. Where none is served yet, the latest earlier one that opens stands in for it.
 */
export function serveModel({ open, earlier, telemetry, pause, signal }: ServedModelOptions): ServedModel {
  const leases = makeModelLeases()
  let refused: RefusedModel | null = null
  let wanted: string | null = null
  let moved: StoredFollowing | null = null
  let loading: Promise<void> = Promise.resolve()
  let announceFirst: () => void = () => {}
  const first = new Promise<void>((resolve) => {
    announceFirst = resolve
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

  const load = async (modelId: string): Promise<void> => {
    for (let attempt = 1; modelId === wanted && modelId !== leases.current?.modelId && !signal.aborted; attempt += 1) {
      try {
        if (!(await serve(modelId)) && leases.current === null) await standInFor(modelId)
        return
      } catch (thrown: unknown) {
        telemetry.modelLoadRetried(modelId, toOutflowError(thrown), attempt)
        await pause(attempt)
      }
    }
  }

  const standInFor = async (modelId: string): Promise<void> => {
    for (const earlierId of await earlier()) {
      if (modelId !== wanted || signal.aborted) return
      if (await serve(earlierId, modelId)) return
    }
    telemetry.noModelLeft(modelId)
  }

  /** @returns false when it was refused; rejects when the store is away */
  const serve = async (modelId: string, insteadOf: string | null = null): Promise<boolean> => {
    try {
      const { result: opened, pauseMs } = await longestPause(() => open(modelId))
      const before = leases.replace({ modelId, detector: opened.detector })
      if (insteadOf === null) refused = null
      const { promotedAt } = opened
      telemetry.modelServed(modelId, opened.detector.metadata, {
        previousId: before?.modelId ?? null,
        insteadOf,
        promotedAt,
        pauseMs,
      })
      announceFirst()
      return true
    } catch (thrown: unknown) {
      const error = toOutflowError(thrown)
      if (isRetryable(error)) throw error
      if (insteadOf === null) refused = { modelId, error }
      telemetry.modelRefused(modelId, error, leases.current?.modelId ?? null)
      return false
    }
  }

  return {
    follow: (modelId) => {
      wanted = modelId
      if (modelId !== null) loading = loading.then(() => load(modelId))
    },
    move: (following) => {
      moved = following
      telemetry.scoresFollowed(following)
    },
    first,
    get current() {
      return leases.current
    },
    get refused() {
      return refused?.modelId === wanted ? refused : null
    },
    borrow: () => {
      const lent = leases.lend()
      if (lent === null) throw new Error('no model is served yet; wait for first')
      const { modelId, detector } = lent.model
      const followed = moved?.modelId === modelId ? { id: moved.id, following: moved.following as Following } : null
      return { modelId, detector, followed, giveBack: lent.giveBack }
    },
    close: async () => {
      wanted = null
      await loading
      await leases.close()
    },
  }
}
