import { isDeepStrictEqual } from 'node:util'
import type { Feature } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { isRetryable, toOutflowError } from '@outflow/errors'
import { makeModelLeases, type OpenModel } from './model-leases.js'
import type { IngestTelemetry } from './telemetry.js'

export interface ShadowModelOptions {
  /** Loads and opens a model; rejects with a retryable error when the store is away. */
  readonly open: (modelId: string) => Promise<Detector>
  readonly telemetry: Pick<IngestTelemetry, 'shadowServed' | 'shadowFailed' | 'shadowEnded'>
  /** Waits before a load is tried again, less when the service stops. */
  readonly pause: (attempt: number) => Promise<void>
  readonly signal: AbortSignal
}

/** The candidate that scores beside the model, while there is one. */
export interface ShadowModel {
  /** Told which candidate is to; null: none. */
  follow(modelId: string | null): void
  /** Lends it to one batch; null where there is none, or it looks at other features than the batch was read for. */
  borrow(features: readonly Feature[]): ShadowLease | null
  /** Closes it, once loads and leases have ended. */
  close(): Promise<void>
}

export interface ShadowLease {
  readonly modelId: string
  readonly detector: Detector
  giveBack(): void
}

/** Follows the candidate that is to score beside. One that can not be opened is told of once, and scores nothing. */
export function followShadow({ open, telemetry, pause, signal }: ShadowModelOptions): ShadowModel {
  let wanted: string | null = null
  const leases = makeModelLeases()
  let loading: Promise<void> = Promise.resolve()
  /** Whether the features of two models are the same, by the list that was asked for. */
  let alike = new WeakMap<readonly Feature[], boolean>()

  const replace = (next: OpenModel | null) => {
    const before = leases.replace(next)
    alike = new WeakMap()
    if (before !== null) telemetry.shadowEnded(before.modelId)
  }

  const load = async (modelId: string): Promise<void> => {
    for (let attempt = 1; modelId === wanted && modelId !== leases.current?.modelId && !signal.aborted; attempt += 1) {
      try {
        replace({ modelId, detector: await open(modelId) })
        if (modelId !== wanted) replace(null)
        else telemetry.shadowServed(modelId)
        return
      } catch (thrown: unknown) {
        const error = toOutflowError(thrown)
        telemetry.shadowFailed(modelId, error)
        if (!isRetryable(error)) return
        await pause(attempt)
      }
    }
  }

  return {
    follow: (modelId) => {
      wanted = modelId
      if (leases.current !== null && leases.current.modelId !== modelId) replace(null)
      if (modelId !== null) loading = loading.then(() => load(modelId))
    },
    borrow: (features) => {
      if (leases.current === null || !isAlike(leases.current, features)) return null
      const { model, giveBack } = leases.lend()!
      return { ...model, giveBack }
    },
    close: async () => {
      wanted = null
      await loading
      if (leases.current !== null) replace(null)
      await leases.close()
    },
  }

  function isAlike({ detector }: OpenModel, features: readonly Feature[]): boolean {
    const known = alike.get(features)
    if (known !== undefined) return known
    const answer = isDeepStrictEqual(detector.metadata.features, features)
    alike.set(features, answer)
    return answer
  }
}
