import type { CommittedAlert } from './alert-stream.js'
import type { SeenMessage } from './committed-reader.js'

export interface AlertsAudit {
  /** Committed in Postgres, and never on the topic. */
  readonly lost: number
  /** Repetitions on the topic. */
  readonly duplicated: number
  /** On the topic, and never committed in Postgres. */
  readonly foreign: number
  /** After a later alert of the same key, or on another partition. */
  readonly outOfOrder: number
}

/** Compares the committed alerts with those that another client reads. */
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
