import protobuf, { type NamespaceBase, type Type } from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import type { RegisteredSchema } from './schema-registry.js'

/** Returns the message that indexes lead to: that of the file, then those inside one another. @throws {Error} where none is */
type MessageFinder = (indexes: readonly number[]) => Type

/**
 * Reads a .proto file and what it imports, each as text, as Java's clients and Confluent's registry write it, or as a
 * descriptor in base64, as librdkafka's clients hand it to a registry that leaves it so.
 *
 * @throws {Error} when it is neither, or when something that is imported is not there
 */
export function readProtobufFiles({ schema, imports }: RegisteredSchema): MessageFinder {
  const texts = imports.filter((file) => !isDescribed(file.schema))
  const described = [...imports.map((file) => file.schema), schema].filter(isDescribed).map(descriptorOf)
  const root = described.length > 0 ? rootOf(described) : new protobuf.Root()
  for (const { name, schema } of texts) parseInto(root, name, schema)
  if (isDescribed(schema)) return finderOfDescriptor(root, described.at(-1)!)
  const namespace = parseInto(root, MAIN_FILE, schema)
  root.resolveAll()
  return finderOfText(namespace)
}

/** No .proto file of anybody's is called so. */
const MAIN_FILE = '<main>'

/** The files that Confluent's serializers include in addition to Google's. */
const CONFLUENT_DECIMAL = `syntax = "proto3"; package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }`
const CONFLUENT_DECIMAL_FILE = 'confluent/type/decimal.proto'

/** Text has blanks, braces and semicolons. */
const isDescribed = (schema: string) => /^[A-Za-z0-9+/]+=*$/.test(schema)

const descriptorOf = (schema: string): FileDescriptor =>
  descriptor.FileDescriptorProto.decode(Buffer.from(schema, 'base64')) as unknown as FileDescriptor

interface MessageDescriptor {
  readonly name: string
  readonly nestedType: readonly MessageDescriptor[]
  readonly options?: { readonly mapEntry?: boolean } | null
}

interface FileDescriptor {
  readonly package: string
  readonly dependency: readonly string[]
  readonly messageType: readonly MessageDescriptor[]
}

/** A set of descriptors must be whole: what its files take for granted is put before them. */
function rootOf(files: readonly FileDescriptor[]): protobuf.Root {
  const known = new protobuf.Root()
  for (const wanted of files.flatMap(({ dependency }) => dependency)) addKnown(known, wanted)
  const { file = [] } = known.toDescriptor('proto3')
  const set = descriptor.FileDescriptorSet.fromObject({ file: [...(file ?? []), ...files] })
  return protobuf.Root.fromDescriptor(set as never, { keepCase: true })
}

/** @returns the file's package: where its messages stand */
function parseInto(root: protobuf.Root, name: string, text: string): NamespaceBase {
  if (root.files.includes(name)) return root
  root.files.push(name)
  // Undeclared in its types: what every message of the text gets as its own `filename`.
  Object.assign(protobuf.parse, { filename: name })
  const { package: packageName, imports = [] } = protobuf.parse(text, root, { keepCase: true })
  for (const wanted of imports) addKnown(root, wanted)
  return packageName === undefined ? root : (root.lookup(packageName) as NamespaceBase)
}

function addKnown(root: protobuf.Root, wanted: string): void {
  if (root.files.includes(wanted)) return
  const bundled = protobuf.common.get(wanted)
  if (wanted === CONFLUENT_DECIMAL_FILE) parseInto(root, wanted, CONFLUENT_DECIMAL)
  else if (bundled !== null) {
    root.files.push(wanted)
    root.addJSON(bundled.nested!)
  }
}

/** Messages are counted in the order of the file, those of other files in the same package left out. */
const finderOfText =
  (namespace: NamespaceBase): MessageFinder =>
  (indexes) => {
    let at: NamespaceBase | undefined = namespace
    for (const index of indexes) {
      at = at?.nestedArray.filter(
        (nested): nested is Type => nested instanceof protobuf.Type && nested.filename === MAIN_FILE,
      )[index]
    }
    return at instanceof protobuf.Type ? at : noMessage(indexes)
  }

function finderOfDescriptor(root: protobuf.Root, file: FileDescriptor): MessageFinder {
  return (indexes) => {
    const path = file.package === '' ? [] : file.package.split('.')
    let inside: readonly MessageDescriptor[] = file.messageType
    for (const index of indexes) {
      const message = inside.filter(({ options }) => options?.mapEntry !== true)[index]
      if (message === undefined) return noMessage(indexes)
      path.push(message.name)
      inside = message.nestedType
    }
    return root.lookupType(path)
  }
}

function noMessage(indexes: readonly number[]): never {
  throw new Error(`the schema has no message [${indexes.join(', ')}]`)
}
