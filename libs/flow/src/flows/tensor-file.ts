import { createHash } from 'node:crypto'
import { ShapeError, WeightsDamaged, WeightsForeign } from '../errors.js'

/** The element types that are read and written: F32, F64, I32 and U8. */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array

/** One array of a safetensors file. */
export interface Tensor<Data extends TensorData = TensorData> {
  readonly shape: readonly number[]
  /** Row-major; its length is the product of the shape. */
  readonly data: Data
}

/** A safetensors file with a valid header, whose numbers are not read yet. */
interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>
  /**
   * @throws {WeightsDamaged} when the SHA-256 does not match
   * @throws {ShapeError} when it matches and a tensor is of an unknown type, or not as long as its shape
   */
  readonly readTensors: () => Map<string, Tensor>
}

const TYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const
const dtypeOf = (data: TensorData): string => Object.entries(TYPES).find(([, type]) => data instanceof type)![0]

/**
 * Writes a safetensors file: u64 length of the header, the header (JSON), the numbers, little-endian. `__metadata__` also carries `sha256` of
 * all the rest, names, types and shapes included. The same content gives the same bytes.
 *
 * @see https://github.com/huggingface/safetensors
 */
export function writeTensorFile(
  metadata: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, Tensor>,
): Uint8Array {
  const entries: Record<string, Entry> = {}
  const parts: Uint8Array[] = []
  let from = 0
  for (const [name, { shape, data }] of tensors) {
    const { buffer, byteOffset, byteLength } = data
    entries[name] = { dtype: dtypeOf(data), shape, data_offsets: [from, from + byteLength] }
    parts.push(new Uint8Array(buffer, byteOffset, byteLength))
    from += byteLength
  }
  const numbers = Buffer.concat(parts)
  const sha256 = digest(metadata, entries, numbers)
  const text = JSON.stringify({ __metadata__: { ...metadata, sha256 }, ...entries })
  // Spaces up to a multiple of 8, so that the numbers are aligned for readers that map the file.
  const head = Buffer.from(text.padEnd(text.length + ((8 - (Buffer.byteLength(text) % 8)) % 8)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  return new Uint8Array(Buffer.concat([length, head, numbers]))
}

/**
 * Opens a safetensors file that `writeTensorFile` wrote. It contains only JSON and numbers; reading it executes no code.
 *
 * @throws {WeightsForeign} when the bytes are not a safetensors file
 * @throws {WeightsDamaged} when it is truncated, or its header is not JSON
 */
export function openTensorFile(bytes: Uint8Array): TensorFile {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (file.length < 8) throw new WeightsForeign(`a safetensors file has 8 bytes or more, got ${file.length}`)
  const length = file.readBigUInt64LE(0)
  // The headers of flows and models are far smaller; a larger length means another file format.
  if (length > LONGEST_HEADER) throw foreign('the length of the header is invalid')
  if (file[8] !== 0x7b) throw foreign('the header is not JSON')
  const end = 8 + Number(length)
  if (file.length < end) throw truncated(end, file.length)
  const { __metadata__: given, ...entries } = parseHeader(file.toString('utf8', 8, end))
  const { sha256, ...metadata } = isObject(given) ? (given as Record<string, string>) : {}
  const numbers = file.subarray(end)
  const wanted = Math.max(0, ...Object.values(entries).map(endOf))
  if (numbers.length < wanted) throw truncated(end + wanted, file.length)
  const readTensors = () => {
    if (sha256 !== digest(metadata, entries, numbers)) {
      throw new WeightsDamaged('the weights do not match their SHA-256; restore the file')
    }
    return new Map(Object.entries(entries).map(([name, entry]) => [name, readTensor(name, entry, numbers)]))
  }
  return { metadata, readTensors }
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

function parseHeader(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error: unknown) {
    throw new WeightsDamaged('the header of the weights is not valid JSON; restore the file', { cause: error })
  }
}

const foreign = (why: string) => new WeightsForeign(`the bytes are not a safetensors file: ${why}`)

function truncated(wanted: number, found: number): WeightsDamaged {
  return new WeightsDamaged(`the weights are ${wanted} bytes long, got ${found}: the file is truncated; restore it`, {
    values: { wanted, found },
  })
}

/** Offset in the numbers at which a tensor ends; 0 if the entry does not state one. */
function endOf(entry: unknown): number {
  const offsets = isObject(entry) ? entry.data_offsets : undefined
  return Array.isArray(offsets) && Number(offsets[1]) >= 0 ? Number(offsets[1]) : 0
}

function readTensor(name: string, entry: unknown, numbers: Buffer): Tensor {
  const { dtype, shape, data_offsets: offsets } = (isObject(entry) ? entry : {}) as Partial<Entry>
  const type = Object.hasOwn(TYPES, String(dtype)) ? TYPES[dtype as keyof typeof TYPES] : undefined
  if (type === undefined) throw new ShapeError(`tensor ${name} has the type ${dtype}; known are ${Object.keys(TYPES)}`)
  const [from, end] = Array.isArray(offsets) ? offsets.map(Number) : []
  const length = Array.isArray(shape) ? shape.reduce((product, size) => product * Number(size), 1) : Number.NaN
  if (!(from! >= 0 && end! - from! === length * type.BYTES_PER_ELEMENT)) {
    throw new ShapeError(`tensor ${name} is not as long as its shape`)
  }
  // Copied: a typed array begins at a multiple of its element's size, the file may begin anywhere.
  return { shape: shape!.map(Number), data: new type(new Uint8Array(numbers.subarray(from, end)).buffer) }
}

/** SHA-256 of the header without its `sha256` entry, followed by the numbers. */
function digest(metadata: object, entries: object, numbers: Uint8Array): string {
  return createHash('sha256')
    .update(JSON.stringify({ __metadata__: metadata, ...entries }))
    .update(numbers)
    .digest('hex')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const LONGEST_HEADER = 100_000_000n
