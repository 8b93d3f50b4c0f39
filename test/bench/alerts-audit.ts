import type { CommittedAlert } from './alert-stream.js'
import type { SeenMessage } from './committed-reader.js'

export interface AlertsAudit {
  /** Committed in Postgres, and on the topic never. */
  readonly lost: number
  /** On the topic more often than once: the times beyond. */
  readonly duplicated: number
  /** On the topic, and never committed in Postgres. */
  readonly foreign: number
  /** Behind one of the same key that is later, or on another partition than it. */
  readonly outOfOrder: number
}

/** Compares what was committed with what another client reads. */
export function auditAlerts(committed: readonly CommittedAlert[], messages: readonly SeenMessage[]): AlertsAudit {
  const due = new Set(committed.map(({ id }) => id))
  const seen = new Set<string>()
  const lastOfKey = new Map<string, { readonly place: number; readonly partition: number }>()
  let duplicated = 0
  let foreign = 0
  let outOfOrder = 0
  for (const { partition, value } of messages) {
    const { id, key, place } = JSON.parse(value) as CommittedAlert
    if (!due.has(id)) foreign += 1
    if (seen.has(id)) duplicated += 1
    else {
      const last = lastOfKey.get(key)
      if (last !== undefined && (place < last.place || partition !== last.partition)) outOfOrder += 1
      lastOfKey.set(key, { place, partition })
    }
    seen.add(id)
  }
  return { lost: committed.filter(({ id }) => !seen.has(id)).length, duplicated, foreign, outOfOrder }
}
