import protobuf, { type Type } from 'protobufjs'
import type { JsonObject } from '../record-decoder.js'
import type { CompiledSchema } from '../registry/registry-decoder.js'
import type { RegisteredSchema } from '../registry/schema-registry.js'
import { readProtobufFiles } from './protobuf-files.js'
import { BoundedReader } from './protobuf-reader.js'
import { messageConversion } from './protobuf-values.js'

/**
 * Compiles a .proto file to the function that decodes a payload written with it: the indexes that select one of the file's
 * message types, then the message. Fields have the names of the file.
 *
 * @throws {Error} if it is not a .proto file, or imports a file that the registry does not list
 */
export function makeProtobufSchema(schema: RegisteredSchema): CompiledSchema {
  const find = readProtobufFiles(schema)
  const decoders = new Map<string, CompiledSchema>()
  return (payload) => {
    const { indexes, end } = readIndexes(payload)
    const key = indexes.join('.')
    const decode = decoders.get(key) ?? messageDecoder(find(indexes))
    decoders.set(key, decode)
    return decode(payload.subarray(end))
  }
}

function messageDecoder(type: Type): CompiledSchema {
  const convert = messageConversion(type)
  return (body) => convert(type.decode(new BoundedReader(body))) as JsonObject
}

/** Reads a count and that many indexes, all zigzag varints; the count 0 means [0], the file's first message. */
function readIndexes(payload: Buffer): { readonly indexes: readonly number[]; readonly end: number } {
  const reader = protobuf.Reader.create(payload)
  const count = reader.sint32()
  if (count === 0) return { indexes: FIRST_MESSAGE, end: reader.pos }
  if (count < 0 || count > MAX_INDEXES)
    throw new RangeError(`${count} message indexes; allowed: at most ${MAX_INDEXES}`)
  return { indexes: Array.from({ length: count }, () => reader.sint32()), end: reader.pos }
}

const FIRST_MESSAGE = [0]
/** Nesting of message types; protobufjs refuses a .proto file that nests this deep. */
const MAX_INDEXES = 100
