import protobuf, { type NamespaceBase, type Type } from 'protobufjs'
import { messageConversion } from './protobuf-values.js'
import type { JsonObject } from './record-decoder.js'
import type { CompiledSchema } from './registry-decoder.js'
import type { RegisteredSchema } from './schema-registry.js'

/**
 * Compiles a .proto file to the function that decodes what was written by it: first the indexes that say which of the
 * file's messages follows, then the message. Fields are called as in the file.
 *
 * @throws {Error} when it is no .proto file, or imports what the registry does not name
 */
export function makeProtobufSchema({ schema, imports }: RegisteredSchema): CompiledSchema {
  const root = new protobuf.Root()
  for (const imported of imports) parseInto(root, imported.name, imported.schema)
  const namespace = parseInto(root, MAIN_FILE, schema)
  root.resolveAll()
  const decoders = new Map<string, CompiledSchema>()
  return (payload) => {
    const { indexes, end } = readIndexes(payload)
    const key = indexes.join('.')
    let decode = decoders.get(key)
    if (decode === undefined) {
      decode = messageDecoder(messageAt(namespace, indexes))
      decoders.set(key, decode)
    }
    return decode(payload.subarray(end))
  }
}

/** No .proto file of anybody's is called so. */
const MAIN_FILE = '<main>'

/** What Confluent's serializers know without a registry, beside Google's own files. */
const CONFLUENT_DECIMAL = `syntax = "proto3"; package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`

/** @returns the file's package: where its messages stand */
function parseInto(root: protobuf.Root, name: string, text: string): NamespaceBase {
  if (root.files.includes(name)) return root
  root.files.push(name)
  // Undeclared in its types: what every message of the text gets as its own `filename`.
  Object.assign(protobuf.parse, { filename: name })
  const { package: packageName, imports = [] } = protobuf.parse(text, root, { keepCase: true })
  for (const wanted of imports) {
    const bundled = protobuf.common.get(wanted)
    if (wanted === 'confluent/type/decimal.proto') parseInto(root, wanted, CONFLUENT_DECIMAL)
    else if (bundled !== null && !root.files.includes(wanted)) {
      root.files.push(wanted)
      root.addJSON(bundled.nested!)
    }
  }
  return packageName === undefined ? root : (root.lookup(packageName) as NamespaceBase)
}

/** Messages are counted in the order of the file, those of other files in the same package left out. */
function messageAt(namespace: NamespaceBase, indexes: readonly number[]): Type {
  let at: NamespaceBase = namespace
  for (const index of indexes) {
    const messages = at.nestedArray.filter(
      (nested): nested is Type => nested instanceof protobuf.Type && nested.filename === MAIN_FILE,
    )
    const message = messages[index]
    if (message === undefined) throw new Error(`the schema has no message [${indexes.join(', ')}]`)
    at = message
  }
  return at as Type
}

function messageDecoder(type: Type): CompiledSchema {
  const convert = messageConversion(type)
  return (body) => convert(type.decode(body)) as JsonObject
}

/** A count and as many indexes, zigzag varints all; the count 0 stands for [0], the file's first message. */
function readIndexes(payload: Buffer): { readonly indexes: readonly number[]; readonly end: number } {
  const reader = protobuf.Reader.create(payload)
  const count = reader.sint32()
  if (count === 0) return { indexes: FIRST_MESSAGE, end: reader.pos }
  // No more indexes than bytes: a damaged count must not become a large array.
  if (count < 0 || count > payload.length) throw new Error(`${count} message indexes`)
  return { indexes: Array.from({ length: count }, () => reader.sint32()), end: reader.pos }
}

const FIRST_MESSAGE = [0]
