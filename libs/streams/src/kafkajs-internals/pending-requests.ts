import { createRequire } from 'node:module'
import { replaceMethod } from './replace-method.js'

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
  replaceMethod(prototype, 'scheduleCheckPendingRequests', (queue, schedule) => {
    if (queue.pending.length > 0) schedule.call(queue)
  })
}
