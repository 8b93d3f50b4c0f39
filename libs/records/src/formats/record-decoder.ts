import type { Rejection } from '@outflow/contracts'

export type JsonObject = Readonly<Record<string, unknown>>

/** A decoded record. It is wrapped, because a record may have a field `reason` itself. */
export interface DecodedValue {
  readonly record: JsonObject
}

/** Turns the values of one source's messages into records, in two steps, of which only the first is asynchronous. */
export interface RecordDecoder {
  /**
   * Fetches the schemas that the values of these messages refer to and that have not been fetched yet.
   *
   * @param messages  of one batch
   * @throws {RegistryUnavailable} if the registry does not answer; the same call may succeed later
   * @throws {RegistryRefused}     if the registry refuses this client
   */
  prepare(messages: Iterable<{ readonly value: Buffer | null }>): Promise<void>
  /**
   * Decodes a value that `prepare` has been called for.
   *
   * @param value  a Kafka value; null is a tombstone
   * @returns the record, or a rejection: `empty`, `too_large` or `undecodable`
   */
  decode(value: Buffer | null): DecodedValue | Rejection
  /**
   * Compiles keys to the function that reads only their values, `undefined` for an absent key, if possible without building the
   * record; it returns the same rejections as `decode`.
   *
   * @returns function that returns a picked record, which its next call overwrites
   */
  picker(keys: readonly string[]): Picker
}

/** Reads some values of a message: of all bytes, or of those from `from` to `end`. */
type Picker = (bytes: Buffer | null, from?: number, end?: number) => PickedValues | Rejection

/** The values of some keys, each in one of the two lists: V8 would allocate an object for a number in a mixed list. */
export interface PickedValues {
  /** [keys]; NaN if the value is not a number, or if it is in `others` */
  readonly numbers: Float64Array
  /** [keys]; `undefined` if there is no value, or if it is in `numbers` */
  readonly others: unknown[]
}

/** Decodes values of one format that are neither empty nor too large. */
export interface BodyDecoder {
  readonly prepare: RecordDecoder['prepare']
  readonly decode: (value: Buffer) => DecodedValue | Rejection
  /** Compiles keys to the function that reads their values if it can. */
  readonly quickPicker?: (keys: readonly string[]) => QuickPicker
}

/** Reads the document between two places; null: `decode` has to read it. The next call overwrites the result. */
export type QuickPicker = (bytes: Buffer, from: number, end: number) => PickedValues | null
