import type { Rejection } from '@outflow/contracts'

/** A record, or its fields, that must not be rejected. */
export function sound<T extends object>(read: T | Rejection): T {
  if ('reason' in read) throw new Error(`a record is rejected: ${read.detail}`)
  return read
}
