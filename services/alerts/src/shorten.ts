import { shortenedEvent } from '@outflow/alerting'
import { GROUP_EVENT_TYPE } from '@outflow/contracts'
import type { RelayRow } from './output-topics.js'
import { eventIn } from './stored-event.js'

/** Header of a message whose body was too large for the topic; its value states what was left out. */
const WITHHELD_HEADER = 'outflow.withheld'

/**
 * Returns a message without its large part, because its topic rejects its size: an alert as `shortenedEvent`, another message without its
 * value.
 *
 * Topics created by outflow are large enough; but a topic may be older than its pipeline, and a message that cannot be sent must
 * not block all later ones.
 */
export function shorten(row: RelayRow): RelayRow {
  const bytes = row.payload?.length ?? 0
  const event = row.kind === 'alert' ? eventIn(row.payload) : null
  if (event === null) return withHeader({ ...row, payload: null }, `the value, ${bytes} bytes`)
  const what = event.type === GROUP_EVENT_TYPE ? 'the examples' : 'the record'
  const payload = Buffer.from(JSON.stringify(shortenedEvent(event)))
  return withHeader({ ...row, payload }, `${what}; the event had ${bytes} bytes`)
}

function withHeader(row: RelayRow, what: string): RelayRow {
  return { ...row, headers: [...row.headers, [WITHHELD_HEADER, Buffer.from(what)]] }
}
