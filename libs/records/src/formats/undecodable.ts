import type { Rejection } from '@outflow/contracts'

export const undecodable = (detail: string): Rejection => ({ reason: 'undecodable', detail })

/** Shortens a parser's message to one line of at most 200 characters, for the detail of a rejection. */
export function shortened(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

/** The kind of a value that is not an object, for the detail of a rejection. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
