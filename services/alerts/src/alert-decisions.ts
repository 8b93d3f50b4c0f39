import { alertOf, type Decider } from '@outflow/alerting'
import { type Alert, type AlertBucket, parseAnomalyId } from '@outflow/contracts'
import type { OutboxMessage, UnnumberedRow, UnsentAlert } from '@outflow/store/outbox'
import { alertIn } from './explaining/with-reasons.js'

/** Returns an unnumbered row's id and its alert; null: it is not an alert, and is sent unchanged. */
export function waitingOf(row: UnnumberedRow): { readonly id: bigint; readonly alert: Alert | null } {
  const event = alertIn(row)
  return { id: row.id, alert: event && alertOf(event, row.createdAt.getTime()) }
}

/**
 * Decides on rows in their order; a group is placed where its bucket ended.
 *
 * @param untilMs  buckets that end by this time, epoch ms, are closed after the last row
 */
export function decideOn(
  waiting: readonly ReturnType<typeof waitingOf>[],
  decider: Decider,
  toMessage: (group: AlertBucket) => OutboxMessage,
  untilMs: number,
) {
  /** What is sent, in order: rows of the outbox, by id, and messages about groups. */
  const order: (bigint | OutboxMessage)[] = []
  const unsent: UnsentAlert[] = []
  const close = (closed: readonly AlertBucket[]) => order.push(...closed.map(toMessage))
  for (const { id, alert } of waiting) {
    if (alert === null) {
      order.push(id)
      continue
    }
    const { unsent: cause, closed } = decider.decide(alert)
    close(closed)
    if (cause === null) order.push(id)
    else unsent.push({ outboxId: id, ...parseAnomalyId(alert.id)!.position, ...cause })
  }
  close(decider.closeDue(untilMs))
  return { order, unsent }
}
