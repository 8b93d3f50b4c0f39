import { toOutflowError } from '@outflow/errors'
import { pause } from '@outflow/errors/retrying'
import type { Retention } from '@outflow/store/retention'
import type { IngestTelemetry } from './telemetry.js'

interface RetentionLoopOptions {
  /** Removes data older than its retention. */
  readonly applyRetention: () => Promise<Retention>
  readonly telemetry: Pick<IngestTelemetry, 'retentionApplied' | 'retentionBehind' | 'retentionPostponed'>
  readonly signal: AbortSignal
}

/** Retention is configured in days, so an hour makes no difference. */
const RETENTION_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/** Applies retention every hour until the signal aborts. Every instance does so, also concurrently. */
export async function applyRetentionHourly({ applyRetention, telemetry, signal }: RetentionLoopOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      const retention = await applyRetention()
      if (retention.behindMs > DAY_MS) telemetry.retentionBehind(retention)
      if (retention.cleared.length > 0) telemetry.retentionApplied(retention.cleared)
    } catch (thrown: unknown) {
      telemetry.retentionPostponed(toOutflowError(thrown))
    }
    await pause(RETENTION_EVERY_MS, signal)
  }
}
