/** A named array of the artefact. Flat: the shape of a table follows from the encoder that it belongs to. */
export type Tensor = Float32Array | Float64Array | Int32Array | Uint8Array

interface Entry {
  readonly dtype: keyof typeof TYPES
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const TYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array, U8: Uint8Array } as const

/**
 * Lays tensors out as one safetensors file: the header's length in 8 bytes, the JSON header, then the numbers.
 *
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors(tensors: ReadonlyMap<string, Tensor>, metadata: Record<string, string>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let at = 0
  for (const [name, tensor] of tensors) {
    const entry: Entry = {
      dtype: dtypeOf(tensor),
      shape: [tensor.length],
      data_offsets: [at, at + tensor.byteLength],
    }
    header[name] = entry
    at += tensor.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  // Padded with spaces so that the numbers begin at a multiple of 8.
  const dataAt = 8 + Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(dataAt + at).fill(SPACE, 8, dataAt)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataAt - 8), true)
  bytes.set(json, 8)
  let to = dataAt
  for (const tensor of tensors.values()) {
    bytes.set(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength), to)
    to += tensor.byteLength
  }
  return bytes
}

/** The header of a safetensors file; `undefined` where the bytes do not begin with one. */
export function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataAt: number } | undefined {
  if (bytes.length < 8) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const dataAt = 8 + Number(view.getBigUint64(0, true))
  if (dataAt > bytes.length) return undefined
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, dataAt)))
    return header !== null && typeof header === 'object'
      ? { header: header as Record<string, unknown>, dataAt }
      : undefined
  } catch {
    // Neither UTF-8 nor JSON: not a safetensors file, hence `undefined`.
    return undefined
  }
}

/** The tensors of a file whose checksum was found right. */
export function readTensors(bytes: Uint8Array, header: Record<string, unknown>, dataAt: number): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue
    const { dtype, data_offsets: offsets } = entry as Entry
    // Copied out: a typed array must begin at a multiple of its element's size, the file may begin anywhere. By a new
    // array and not by slice(), which copies nothing where the bytes are a Node Buffer.
    const own = new Uint8Array(bytes.subarray(dataAt + offsets[0], dataAt + offsets[1]))
    tensors.set(name, new TYPES[dtype](own.buffer))
  }
  return tensors
}

/** Those whose names begin with a prefix, by what follows it. */
export function tensorsUnder(prefix: string, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const under = Array.from(tensors).filter(([name]) => name.startsWith(prefix))
  return new Map(under.map(([name, tensor]) => [name.slice(prefix.length), tensor]))
}

export function dtypeOf(tensor: Tensor): Entry['dtype'] {
  if (tensor instanceof Float32Array) return 'F32'
  if (tensor instanceof Float64Array) return 'F64'
  return tensor instanceof Int32Array ? 'I32' : 'U8'
}

const SPACE = 0x20
