import type { OutgoingHeaders } from './producer.js'

/** The W3C trace contexts that records or messages carry in their `traceparent` header. */
export function* traceparents(carriers: Iterable<{ readonly headers?: OutgoingHeaders }>): Iterable<string> {
  for (const { headers } of carriers) {
    const first = headers?.find(([name]) => name === 'traceparent')?.[1]
    if (first) yield String(first)
  }
}
