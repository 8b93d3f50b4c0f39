import { createRequire } from 'node:module'

/** The requests of one connection. */
interface RequestQueue {
  readonly pending: readonly object[]
  scheduleCheckPendingRequests(): void
}

/**
 * Makes kafkajs schedule a check of pending requests only while there are some.
 *
 * kafkajs schedules one after each response and after each check, even with nothing pending: one timer a millisecond and connection,
 * with a negative delay, of which Node 24 and later warn (`TimeoutNegativeWarning`). docs/design/ingest.md has the cost.
 */
export function checkOnlyPendingRequests(): void {
  const { prototype }: { prototype: RequestQueue } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue')
  if (prototype.scheduleCheckPendingRequests === scheduleIfPending) return
  schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = scheduleIfPending
}

let schedule: (this: RequestQueue) => void

function scheduleIfPending(this: RequestQueue): void {
  if (this.pending.length > 0) schedule.call(this)
}
