import type { Rejection } from '@outflow/contracts'

/** Returns the record or its fields. @throws when it was rejected */
export function sound<T extends object>(read: T | Rejection): T {
  if ('reason' in read) throw new Error(`a record is rejected: ${read.detail}`)
  return read
}
