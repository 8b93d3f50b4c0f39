import { setTimeout as delay } from 'node:timers/promises'
import { ComponentStartFailed } from './errors.js'

export interface Readiness {
  /** The server, e.g. `Kafka on 127.0.0.1:19092`. */
  readonly what: string
  /** Resolves when the server answers, rejects otherwise. */
  readonly probe: () => Promise<unknown>
  /** Resolves with how the server ended, undefined while it runs. Absent for a server that was not started here. */
  readonly ended?: () => Promise<string | undefined>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (line: string) => void
}

const PROBE_INTERVAL_MS = 50
const PROGRESS_INTERVAL_MS = 5_000

/**
 * Waits until a part answers its probe.
 *
 * @throws {ComponentStartFailed} when it ended, or did not answer in time; the last probe's error is the cause
 */
export async function untilReady({ what, probe, ended, timeoutMs, signal, onProgress }: Readiness): Promise<void> {
  const began = Date.now()
  let nextProgress = began + PROGRESS_INTERVAL_MS
  for (;;) {
    signal?.throwIfAborted()
    const cause = await probe().then(
      () => undefined,
      (error: unknown) => error,
    )
    if (cause === undefined) return
    const how = await ended?.()
    if (how !== undefined) throw new ComponentStartFailed(`${what} ended before it answered: ${how}`, { cause })
    const now = Date.now()
    if (now - began > timeoutMs) {
      throw new ComponentStartFailed(`${what} did not answer within ${timeoutMs / 1000} s: ${messageOf(cause)}`, {
        cause,
      })
    }
    if (now > nextProgress) {
      nextProgress += PROGRESS_INTERVAL_MS
      onProgress(`still waiting for ${what} (${Math.round((now - began) / 1000)} s)`)
    }
    await delay(PROBE_INTERVAL_MS)
  }
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(messageOf).join('; ')
  return thrown instanceof Error ? thrown.message : String(thrown)
}
