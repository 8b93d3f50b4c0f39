import { type AlertEvent, GROUP_EVENT_TYPE, type GroupEvent } from '@outflow/contracts'
import type { OutboxRow } from '@outflow/store/outbox'

/** Says on a message that its body was too large for the topic, and what was left out. */
const WITHHELD_HEADER = 'outflow.withheld'

/**
 * Returns a message that its topic refuses for its size without what makes it large: an alert without the record, one about
 * many without the examples, a dead letter without the value. The record itself still stands where it was read, at the position that the message names.
 *
 * Rather than this the topics are made with room enough; but a topic may be older than its pipeline, and one message
 * that cannot be sent must not hold back all behind it.
 */
export function shorten(row: OutboxRow): OutboxRow {
  const bytes = row.payload?.length ?? 0
  if (row.kind !== 'alert') return withHeader({ ...row, payload: null }, `the value, ${bytes} bytes`)
  const event = JSON.parse(String(row.payload)) as AlertEvent | GroupEvent
  const [data, what] =
    event.type === GROUP_EVENT_TYPE
      ? [{ ...event.data, examples: [] }, 'the examples']
      : [{ ...event.data, record: {} }, 'the record']
  const payload = Buffer.from(JSON.stringify({ ...event, data }))
  return withHeader({ ...row, payload }, `${what}; the event had ${bytes} bytes`)
}

function withHeader(row: OutboxRow, what: string): OutboxRow {
  return { ...row, headers: [...row.headers, [WITHHELD_HEADER, Buffer.from(what)]] }
}

/** Bytes that a row takes in a request, about. */
export function sizeOf({ key, payload, headers }: OutboxRow): number {
  const headerBytes = headers.reduce((sum, [name, value]) => sum + name.length + (value?.length ?? 0), 0)
  return (key?.length ?? 0) + (payload?.length ?? 0) + headerBytes
}
