import { isUtf8 } from 'node:buffer'
import type { Rejection } from '@outflow/contracts'
import { isTooDeep, MAX_DEPTH, TOO_DEEP } from '../check-depth.js'
import { parseJson } from '../integers.js'
import type { DecodedValue, JsonObject, QuickPicker } from '../record-decoder.js'
import { FRAME_BYTES } from '../registry/confluent-frame.js'
import { kindOf, shortened, undecodable } from '../undecodable.js'
import { jsonPicker } from './json-picker.js'

/** Decodes a JSON object in UTF-8. A Confluent frame before it is skipped, since JSON needs no schema. */
export function decodeJson(value: Buffer): DecodedValue | Rejection {
  const body = value.subarray(bodyAt(value, 0, value.length))
  if (!isUtf8(body)) return undecodable('JSON is written in UTF-8; found bytes that are not')
  // RFC 8259, § 8.1 lets a parser ignore a byte order mark; some writers on Windows add it.
  return parseObject(body.toString('utf8').replace(/^\ufeff/, ''))
}

/** Reads single values of the same documents, if `jsonPicker` can. */
export function pickJson(keys: readonly string[]): QuickPicker {
  const pick = jsonPicker(keys)
  return (bytes, from, end) => pick(bytes, bodyAt(bytes, from, end), end)
}

function bodyAt(bytes: Buffer, from: number, end: number): number {
  return bytes[from] === 0 && end - from > FRAME_BYTES ? from + FRAME_BYTES : from
}

function parseObject(text: string): DecodedValue | Rejection {
  let parsed: unknown
  try {
    parsed = parseJson(text)
  } catch (error: unknown) {
    return undecodable(`not JSON: ${shortened((error as SyntaxError).message)}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return undecodable(`a record is a JSON object; found ${kindOf(parsed)}`)
  }
  if (text.length > MAX_DEPTH && isTooDeep(parsed)) return undecodable(TOO_DEEP)
  return { record: parsed as JsonObject }
}
