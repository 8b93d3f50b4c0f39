import { isUtf8 } from 'node:buffer'
import type { Rejection } from '@outflow/contracts'
import { MAX_DEPTH } from './check-depth.js'
import { FRAME_BYTES } from './confluent-frame.js'
import { parseJson } from './integers.js'
import { jsonPicker } from './json-picker.js'
import type { DecodedValue, JsonObject, QuickPicker } from './record-decoder.js'
import { kindOf, oneLine, undecodable } from './undecodable.js'

/** Decodes a JSON object in UTF-8. A Confluent frame before it is skipped, since JSON needs no schema. */
export function decodeJson(value: Buffer): DecodedValue | Rejection {
  const body = value.subarray(bodyAt(value, 0, value.length))
  if (!isUtf8(body)) return undecodable('JSON is written in UTF-8; found bytes that are not')
  return parseObject(withoutByteOrderMark(body.toString('utf8')))
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
    return undecodable(`not JSON: ${oneLine((error as SyntaxError).message)}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return undecodable(`a record is a JSON object; found ${kindOf(parsed)}`)
  }
  if (text.length > MAX_DEPTH && depthOf(text) > MAX_DEPTH) {
    return undecodable(`a record nests at most ${MAX_DEPTH} levels deep`)
  }
  return { record: parsed as JsonObject }
}

/** Counts the nesting of valid JSON in its text, since walking the parsed value would need an explicit stack. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === BACKSLASH) at += 1
      else if (code === QUOTE) inString = false
    } else if (code === QUOTE) inString = true
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) deepest = Math.max(deepest, ++depth)
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1
  }
  return deepest
}

const [QUOTE, BACKSLASH, OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = Array.from('"\\{}[]', (c) =>
  c.charCodeAt(0),
)

/** RFC 8259, § 8.1 lets a parser ignore it; some writers on Windows add it. */
function withoutByteOrderMark(text: string): string {
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
