import { isUtf8 } from 'node:buffer'
import { parseJson } from '../integers.js'
import type { PickedValues, QuickPicker } from '../record-decoder.js'
import { JSON_KERNEL } from './json-kernel.js'

/**
 * Compiles keys of a JSON object to the function that takes their values out of its bytes, without building the object.
 *
 * It validates every byte, and the values equal those of `parseJson`: the last one of a repeated key, `undefined` of an absent
 * key. Rare documents are left to `decodeJson`: an escape in a string, nesting beyond 32 levels, a byte order mark, more than a MiB, and
 * bytes that are not a JSON object in UTF-8.
 *
 * @param keys  each once; a value has the index of its key
 */
export function jsonPicker(keys: readonly string[]): QuickPicker {
  const places = new Map(keys.map((key, place) => [key, place]))
  const placeOf = (from: number, end: number) => places.get(bytes.toString('utf8', from, end)) ?? NOT_WANTED
  const kernel = new WebAssembly.Instance(compiled, { picker: { placeOf } }).exports as Kernel
  const { pick, memory } = kernel
  const [documentAt, capacity] = [kernel.DOCUMENT.value, kernel.CAPACITY.value]
  const [notRead, others, beyondAscii] = [kernel.NOT_READ.value, kernel.HAS_OTHERS.value, kernel.BEYOND_ASCII.value]
  const numbersAt = memory.buffer.byteLength
  const spansAt = numbersAt + Float64Array.BYTES_PER_ELEMENT * keys.length
  memory.grow(Math.ceil((2 * (spansAt - numbersAt)) / PAGE_BYTES))
  const bytes = Buffer.from(memory.buffer)
  const spans = new Uint32Array(memory.buffer, spansAt, 2 * keys.length)
  const picked: PickedValues = {
    numbers: new Float64Array(memory.buffer, numbersAt, keys.length),
    others: keys.map(() => undefined),
  }
  let hadOthers = false

  /** Reads the values that are not numbers, and the numbers that are not exact. */
  const takeOthers = (isAscii: boolean) => {
    for (let place = 0; place < keys.length; place++) {
      const from = spans[2 * place]!
      const value = from === 0 ? undefined : takeValue(bytes, from, spans[2 * place + 1]!, isAscii)
      if (typeof value === 'number') picked.numbers[place] = value
      picked.others[place] = typeof value === 'number' ? undefined : value
    }
  }

  return (document, from, end) => {
    if (end - from > capacity) return null
    document.copy(bytes, documentAt, from, end)
    const flags = pick(end - from, keys.length, numbersAt, spansAt)
    if (flags === notRead) return null
    const isAscii = (flags & beyondAscii) === 0
    if (!isAscii && !isUtf8(document.subarray(from, end))) return null
    const hasOthers = (flags & others) !== 0
    if (hasOthers || hadOthers) takeOthers(isAscii)
    hadOthers = hasOthers
    return picked
  }
}

/** Exports of json-kernel/json-kernel.ts, which documents them. */
interface Kernel extends Readonly<Record<ConstantName, { readonly value: number }>> {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): void }
  readonly pick: (length: number, keys: number, numbers: number, spans: number) => number
}

type ConstantName = 'DOCUMENT' | 'CAPACITY' | 'NOT_READ' | 'HAS_OTHERS' | 'BEYOND_ASCII'

/** The types of Node 20 lack it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: Readonly<Record<string, object>>) => { readonly exports: unknown }
}

const compiled = new WebAssembly.Module(Buffer.from(JSON_KERNEL, 'base64'))
const PAGE_BYTES = 65_536
const NOT_WANTED = -1

/** Returns the value between two indices. */
function takeValue(bytes: Buffer, from: number, end: number, isAscii: boolean): unknown {
  switch (bytes[from]) {
    case QUOTE:
      return bytes.toString(isAscii ? 'latin1' : 'utf8', from + 1, end - 1)
    case LETTER_T:
      return true
    case LETTER_F:
      return false
    case LETTER_N:
      return null
    default:
      return parseJson(bytes.toString('utf8', from, end))
  }
}

const [QUOTE, LETTER_T, LETTER_F, LETTER_N] = Array.from('"tfn', (c) => c.charCodeAt(0))
