import type { Feature, Rejection } from '@outflow/contracts'
import type { Fields } from './fields.js'

/** Takes a decoded record and gives its fields, or the reason why it breaks its contract. */
export type Reader = (record: unknown) => Fields | Rejection

export function makeReader(_features: readonly Feature[]): Reader {
  throw new Error('being written')
}

export function isRejection(read: Fields | Rejection): read is Rejection {
  return 'reason' in read
}
