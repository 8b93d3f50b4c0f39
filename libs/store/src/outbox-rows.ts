import type { OutboxMessage } from './batch.js'

/** Messages as the columns of one statement: kinds, topics, keys, payloads, headers. */
export function outboxColumns(messages: readonly OutboxMessage[]): unknown[] {
  return [
    messages.map(({ kind }) => kind),
    messages.map(({ topic }) => topic),
    messages.map(({ key }) => key),
    messages.map(({ payload }) => payload),
    messages.map(headersText),
  ]
}

function headersText({ headers }: OutboxMessage): string {
  return JSON.stringify(headers.map(([name, value]) => [name, base64(value)]))
}

function base64(value: Uint8Array | string | null): string | null {
  if (value === null) return null
  return (typeof value === 'string' ? Buffer.from(value) : Buffer.from(value)).toString('base64')
}
