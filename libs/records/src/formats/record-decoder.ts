import type { Rejection } from '@outflow/contracts'

export type JsonObject = Readonly<Record<string, unknown>>

/** A record that could be decoded. In a wrapper, because a record may have a field `reason` of its own. */
export interface DecodedValue {
  readonly record: JsonObject
}

/** Turns the values of one source's messages into records, in two steps, so that only the first may have to wait. */
export interface RecordDecoder {
  /**
   * Fetches the schemas that the values of these messages name and that are not known yet.
   *
   * @param messages  of one batch
   * @returns null where nothing is to be fetched, which is nearly always
   * @throws {RegistryUnavailable} when the registry is away, and the same call may succeed later
   * @throws {RegistryRefused}     when it will not answer this client
   */
  prepare(messages: readonly { readonly value: Buffer | null }[]): Promise<void> | null
  /**
   * Decodes one of the values that were prepared.
   *
   * @param value  a Kafka value; null is a tombstone
   * @returns the record, or why it is none: `empty`, `too_large` or `undecodable`
   */
  decode(value: Buffer | null): DecodedValue | Rejection
  /**
   * Compiles keys to the function that takes their values alone, `undefined` where there is none, and may leave out building
   * the record; what it refuses, `decode` refuses in the same words.
   *
   * @returns function that gives one picked record, which its next call overwrites
   */
  picker(keys: readonly string[]): Picker
}

/** Takes some values out of a message. */
export type Picker = (value: Buffer | null) => PickedValues | Rejection

/** The values of some keys, each in the one list or in the other: a number in a list of all sorts would be an object. */
export interface PickedValues {
  /** [keys]; NaN where the value is no number, or is among the others all the same */
  readonly numbers: Float64Array
  /** [keys]; `undefined` where there is no value, or it is among the numbers */
  readonly others: unknown[]
}

/** What a format makes of a value that has bytes, and not too many. */
export interface BodyDecoder {
  readonly prepare: RecordDecoder['prepare']
  readonly decode: (value: Buffer) => DecodedValue | Rejection
  /** Compiles keys to the function that reads their values, and returns whether it could; otherwise `decode` is used. */
  readonly quickPicker?: (keys: readonly string[]) => (value: Buffer, picked: PickedValues) => boolean
}
