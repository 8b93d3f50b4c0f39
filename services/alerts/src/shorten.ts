import { GROUP_EVENT_TYPE } from '@outflow/contracts'
import type { RelayRow } from './output-topics.js'
import { eventIn } from './stored-event.js'

/** Header of a message whose body was too large for the topic; its value states what was left out. */
const WITHHELD_HEADER = 'outflow.withheld'

/**
 * Returns a message without its large part, because its topic rejects its size: an alert without the record, an alert about several
 * anomalies without the examples, a dead letter without the value. The record remains at its position in the source topic.
 *
 * Topics created by outflow are large enough; but a topic may be older than its pipeline, and a message that cannot be sent must
 * not block all later ones.
 */
export function shorten(row: RelayRow): RelayRow {
  const bytes = row.payload?.length ?? 0
  const event = row.kind === 'alert' ? eventIn(row.payload) : null
  if (event === null) return withHeader({ ...row, payload: null }, `the value, ${bytes} bytes`)
  const [data, what] =
    event.type === GROUP_EVENT_TYPE
      ? [{ ...event.data, examples: [] }, 'the examples']
      : [{ ...event.data, record: {} }, 'the record']
  const payload = Buffer.from(JSON.stringify({ ...event, data }))
  return withHeader({ ...row, payload }, `${what}; the event had ${bytes} bytes`)
}

function withHeader(row: RelayRow, what: string): RelayRow {
  return { ...row, headers: [...row.headers, [WITHHELD_HEADER, Buffer.from(what)]] }
}
