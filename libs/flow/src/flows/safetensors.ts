import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { ShapeError, WeightsDamaged, WeightsForeign, WeightsVersionUnknown } from '../errors.js'
import { checkFlow } from './flow-parts.js'
import type { FlowSpec, FlowState, WeightTensor } from './flow-state.js'

/**
 * A flow as a safetensors file: u64 length of the header, the header (JSON), the numbers of every weight (F32, little-endian).
 *
 * `__metadata__` carries `format`, `version`, `writer` (the version of this package), `spec` (JSON) and `sha256` of all the rest,
 * names and shapes included. The same flow gives the same bytes. A file holds JSON and numbers only; loading it executes nothing.
 *
 * @throws {ShapeError} when the weights do not fit the spec
 * @see https://github.com/huggingface/safetensors
 */
export function encodeSafetensors(flow: FlowState): Uint8Array {
  checkFlow(flow)
  const names = [...flow.weights.keys()].sort()
  const header: Record<string, unknown> = {}
  const parts: Uint8Array[] = []
  let from = 0
  for (const name of names) {
    const { shape, data } = flow.weights.get(name)!
    const bytes = new Uint8Array(data.length * 4)
    const view = new DataView(bytes.buffer)
    data.forEach((value, index) => {
      view.setFloat32(index * 4, value, true)
    })
    header[name] = { dtype: 'F32', shape, data_offsets: [from, from + bytes.length] }
    parts.push(bytes)
    from += bytes.length
  }
  const numbers = Buffer.concat(parts)
  const metadata = { format: FORMAT, version: String(VERSION), writer: WRITER, spec: JSON.stringify(flow.spec) }
  const sha256 = digest({ __metadata__: metadata, ...header }, numbers)
  const text = JSON.stringify({ __metadata__: { ...metadata, sha256 }, ...header })
  // Spaces up to a multiple of 8, so that the numbers are aligned for readers that map the file.
  const head = Buffer.from(text.padEnd(Math.ceil(Buffer.byteLength(text) / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  return new Uint8Array(Buffer.concat([length, head, numbers]))
}

/**
 * The flow of a safetensors file that `encodeSafetensors` wrote.
 *
 * @throws {WeightsForeign} when the bytes are no safetensors file, or one that holds no flow
 * @throws {WeightsVersionUnknown} when a later outflow wrote it: in another format, or a kind of flow or weights unknown here
 * @throws {WeightsDamaged} when it is truncated or its SHA-256 does not match
 */
export function decodeSafetensors(bytes: Uint8Array): FlowState {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { header, numbers } = readHeader(file)
  const metadata = header.get('__metadata__')
  if (!isObject(metadata) || metadata.format !== FORMAT) {
    throw new WeightsForeign(`a flow file has the format ${FORMAT}; this safetensors file has another`)
  }
  const writer = String(metadata.writer)
  if (Number(metadata.version) !== VERSION) {
    throw later(writer, `its format is ${metadata.version}, and this version reads ${VERSION}`)
  }
  const { sha256, ...rest } = metadata
  if (sha256 !== digest({ ...Object.fromEntries(header), __metadata__: rest }, numbers)) {
    throw new WeightsDamaged('the weights do not match their SHA-256; restore the file')
  }
  // The checksum matches, so anything invalid from here on was written by a later version.
  try {
    const weights = new Map<string, WeightTensor>()
    for (const [name, entry] of header) {
      if (name !== '__metadata__') weights.set(name, readTensor(name, entry, numbers))
    }
    return checkFlow({ spec: JSON.parse(String(metadata.spec)) as FlowSpec, weights })
  } catch (error: unknown) {
    throw later(writer, (error as Error).message, error)
  }
}

function later(writer: string, why: string, cause?: unknown): WeightsVersionUnknown {
  const message = `flow ${writer} wrote these weights, and ${WRITER} does not understand them: ${why}; update outflow`
  return new WeightsVersionUnknown(message, { values: { writer, reader: WRITER }, cause })
}

function readHeader(file: Buffer): { header: ReadonlyMap<string, unknown>; numbers: Buffer } {
  if (file.length < 8) throw new WeightsForeign(`a safetensors file has 8 bytes or more, got ${file.length}`)
  const length = file.readBigUInt64LE(0)
  // A flow's header is far smaller; a larger length means another file format.
  if (length > LONGEST_HEADER)
    throw new WeightsForeign('the bytes are not a safetensors file: the length of the header is invalid')
  const end = 8 + Number(length)
  if (file[8] !== 0x7b) throw new WeightsForeign('the bytes are not a safetensors file: the header is not JSON')
  if (file.length < end) throw truncated(end, file.length)
  const header = parseHeader(file.toString('utf8', 8, end))
  const numbers = file.subarray(end)
  const wanted = Math.max(0, ...[...header.values()].map((entry) => offsetsOf(entry)?.[1] ?? 0))
  if (numbers.length < wanted) throw truncated(end + wanted, file.length)
  return { header, numbers }
}

function parseHeader(text: string): ReadonlyMap<string, unknown> {
  try {
    return new Map(Object.entries(JSON.parse(text) as object))
  } catch (error: unknown) {
    throw new WeightsDamaged('the header of the weights is not valid JSON; restore the file', { cause: error })
  }
}

function truncated(wanted: number, found: number): WeightsDamaged {
  return new WeightsDamaged(`the weights are ${wanted} bytes long, got ${found}: the file is truncated; restore it`, {
    values: { wanted, found },
  })
}

function readTensor(name: string, entry: unknown, numbers: Buffer): WeightTensor {
  const offsets = offsetsOf(entry)
  const { dtype, shape } = isObject(entry) ? entry : {}
  if (dtype !== 'F32' || offsets === undefined || !Array.isArray(shape)) {
    throw new ShapeError(`weight ${name} is not described as an F32 tensor with a shape and offsets`)
  }
  const [from, end] = offsets
  const view = new DataView(numbers.buffer, numbers.byteOffset + from, end - from)
  const data = Float32Array.from({ length: (end - from) / 4 }, (_, index) => view.getFloat32(index * 4, true))
  return { shape: shape.map(Number), data }
}

function offsetsOf(entry: unknown): [number, number] | undefined {
  const offsets = isObject(entry) ? entry.data_offsets : undefined
  if (!Array.isArray(offsets) || offsets.length !== 2) return undefined
  const [from, end] = offsets.map(Number) as [number, number]
  return from >= 0 && end >= from && (end - from) % 4 === 0 ? [from, end] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** SHA-256 of the header without its `sha256` entry, followed by the numbers. */
function digest(header: object, numbers: Uint8Array): string {
  return createHash('sha256').update(JSON.stringify(header)).update(numbers).digest('hex')
}

const FORMAT = 'outflow-flow'
const VERSION = 1
const { version: WRITER }: { version: string } = createRequire(import.meta.url)('../../package.json')
const LONGEST_HEADER = 100_000_000n
