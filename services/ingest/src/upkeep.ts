import { toOutflowError } from '@outflow/errors'
import { pause } from '@outflow/runtime'
import type { IngestTelemetry } from './telemetry.js'

export interface UpkeepOptions {
  /** Drops what is older than its retention; gives what was dropped. */
  readonly applyRetention: (now: Date) => Promise<readonly string[]>
  readonly telemetry: Pick<IngestTelemetry, 'retentionApplied' | 'retentionPostponed'>
  readonly signal: AbortSignal
}

/** Retentions are told in days: an hour more or less is none. */
const UPKEEP_EVERY_MS = 3_600_000

/** Keeps the tables within their retention, every hour until the signal aborts. Every instance does; it is safe to. */
export async function keepUp({ applyRetention, telemetry, signal }: UpkeepOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const dropped = await applyRetention(new Date())
      if (dropped.length > 0) telemetry.retentionApplied(dropped)
    } catch (thrown: unknown) {
      telemetry.retentionPostponed(toOutflowError(thrown))
    }
    await pause(UPKEEP_EVERY_MS, signal)
  }
}
