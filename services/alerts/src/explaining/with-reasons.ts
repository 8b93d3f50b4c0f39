import { explainedAlert } from '@outflow/alerting'
import { type AlertEvent, alertEventSchema, formatPosition, type Position, parseAnomalyId } from '@outflow/contracts'
import type { Queryable } from '@outflow/store'
import { explanationAt, explanationsAtTimes } from '@outflow/store/anomalies'
import type { OutboxRow } from '@outflow/store/outbox'
import type { WaitingDelivery } from '@outflow/store/webhooks'
import { eventIn } from '../stored-event.js'

/** The longest time that an alert waits for its reasons; they take some ten ms unless there are many. */
export const REASONS_WAIT_MS = 1_000

/** Adds reasons to the alerts among rows of the outbox, because an alert is written before its reasons are computed. */
export async function withReasons<Own extends Pick<OutboxRow, 'kind' | 'payload' | 'createdAt'>>(
  db: Queryable,
  pipeline: string,
  rows: readonly Own[],
): Promise<readonly Own[]> {
  const alerts = rows.map((row) => unexplained(alertIn(row)))
  // An anomaly and its alert are written in one transaction and have its time.
  const times = rows.flatMap(({ createdAt }, at) => (alerts[at] === null ? [] : [createdAt]))
  if (times.length === 0) return rows
  const explanations = await explanationsAtTimes(db, pipeline, times)
  return rows.map((row, at) => {
    const alert = alerts[at]!
    const explanation = alert && explanations.get(formatPosition(positionOf(alert)))
    return alert && explanation ? { ...row, payload: bytesOf(explainedAlert(alert, explanation)) } : row
  })
}

/** Adds reasons to a webhook's event that left the outbox before they were computed. */
export async function deliveryWithReasons(
  db: Queryable,
  pipeline: string,
  delivery: WaitingDelivery,
): Promise<WaitingDelivery> {
  const alert = unexplained(alertIn({ kind: 'alert', payload: delivery.payload }))
  const explanation = alert && (await explanationAt(db, pipeline, positionOf(alert)))
  return alert && explanation ? { ...delivery, payload: bytesOf(explainedAlert(alert, explanation)) } : delivery
}

const unexplained = (alert: AlertEvent | null) => (alert?.data.reasons.length === 0 ? alert : null)

/**
 * Returns the alert about one anomaly in a row; null: it has another message, or another program has removed or changed a field that is read
 * here or decides whether the alert is sent. A dead letter may have any payload, and is not read.
 */
export function alertIn({ kind, payload }: Pick<OutboxRow, 'kind' | 'payload'>): AlertEvent | null {
  const event = kind === 'alert' ? eventIn(payload) : null
  return readFieldsSchema.safeParse(event).success ? (event as AlertEvent) : null
}

const { id, data } = alertEventSchema.shape
const readFieldsSchema = alertEventSchema.pick({ type: true, time: true }).extend({
  id: id.refine((text) => parseAnomalyId(text) !== null),
  data: data.pick({ key: true, nll: true, pValue: true, severity: true, reasons: true }),
})

const positionOf = ({ id }: AlertEvent): Position => parseAnomalyId(id)!.position

const bytesOf = (event: AlertEvent): Buffer => Buffer.from(JSON.stringify(event))
