import type { KafkaHeaders } from './delivery.js'

/** The W3C trace contexts that records or messages carry in their `traceparent` header. */
export function* traceparents(carriers: Iterable<{ readonly headers?: KafkaHeaders }>): Iterable<string> {
  for (const { headers } of carriers) {
    const header = headers?.traceparent
    const first = Array.isArray(header) ? header[0] : header
    if (first !== undefined) yield String(first)
  }
}
