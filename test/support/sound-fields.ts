import type { Rejection } from '@outflow/contracts'
import { type Fields, isRejection } from '@outflow/records'

/** The fields of a record that must not be rejected. */
export function soundFields(read: Fields | Rejection): Fields {
  if (isRejection(read)) throw new Error(`a record is rejected: ${read.detail}`)
  return read
}
