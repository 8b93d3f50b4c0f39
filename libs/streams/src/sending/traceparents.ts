import type { OutgoingHeaders } from './producer.js'

/** The W3C trace contexts in the `traceparent` headers of records or messages. */
export function* traceparents(carriers: Iterable<{ readonly headers?: OutgoingHeaders }>): Iterable<string> {
  for (const { headers } of carriers) {
    const first = headers?.find(([name]) => name === 'traceparent')?.[1]
    if (first) yield String(first)
  }
}
