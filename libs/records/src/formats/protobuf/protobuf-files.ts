import protobuf, { type NamespaceBase, type Type } from 'protobufjs'
import descriptor from 'protobufjs/ext/descriptor.js'
import type { RegisteredSchema } from '../registry/schema-registry.js'

/** Returns the message type at indexes: the first selects among the file's messages, each further one among the nested ones. @throws {Error} if there is none */
type MessageFinder = (indexes: readonly number[]) => Type

/**
 * Reads a .proto file and its imports. Each is text, as Java clients and Confluent's registry write it, or a descriptor in
 * base64, as librdkafka clients register it with a registry that does not convert it.
 *
 * @throws {Error} if it is neither, or if an import is missing
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

/** A name that no .proto file has. */
const MAIN_FILE = '<main>'

/** Files of common types that protobufjs lacks. Clients do not register them, like those of `google/protobuf`. */
const UNREGISTERED: ReadonlyMap<string, string> = new Map([
  proto('confluent.type', 'decimal', 'Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }'),
  proto('google.type', 'date', 'Date { int32 year = 1; int32 month = 2; int32 day = 3; }'),
  proto('google.type', 'latlng', 'LatLng { double latitude = 1; double longitude = 2; }'),
  proto('google.type', 'money', 'Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }'),
  proto(
    'google.type',
    'timeofday',
    'TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
  ),
])

function proto(name: string, file: string, message: string): readonly [string, string] {
  return [`${name.replace('.', '/')}/${file}.proto`, `syntax = "proto3"; package ${name}; message ${message}`]
}

/** Whether a schema is a descriptor in base64; text has blanks, braces and semicolons. */
const isDescribed = (schema: string) => /^[A-Za-z0-9+/]+=*$/.test(schema)

const descriptorOf = (schema: string): FileDescriptor =>
  descriptor.FileDescriptorProto.decode(Buffer.from(schema, 'base64')) as unknown as FileDescriptor

interface MessageDescriptor {
  readonly name: string
  readonly nestedType: readonly MessageDescriptor[]
}

interface FileDescriptor {
  readonly package: string
  readonly dependency: readonly string[]
  readonly messageType: readonly MessageDescriptor[]
}

/** A descriptor set must be complete: the well-known files that its files import are added before them. */
function rootOf(files: readonly FileDescriptor[]): protobuf.Root {
  const known = new protobuf.Root()
  for (const wanted of files.flatMap(({ dependency }) => dependency)) addKnown(known, wanted)
  // Only a resolved field has the kind of its type, which a descriptor states.
  known.resolveAll()
  const { file = [] } = known.toDescriptor('proto3')
  const set = descriptor.FileDescriptorSet.fromObject({ file: [...(file ?? []), ...files] })
  return protobuf.Root.fromDescriptor(set as never, { keepCase: true })
}

/** @returns the namespace of the file's package, which contains its messages */
function parseInto(root: protobuf.Root, name: string, text: string): NamespaceBase {
  if (root.files.includes(name)) return root
  root.files.push(name)
  // protobufjs copies this property, which its types do not declare, to `filename` of every message of the text.
  Object.assign(protobuf.parse, { filename: name })
  const { package: packageName, imports = [] } = protobuf.parse(text, root, { keepCase: true })
  for (const wanted of imports) addKnown(root, wanted)
  return packageName === undefined ? root : (root.lookup(packageName) as NamespaceBase)
}

function addKnown(root: protobuf.Root, wanted: string): void {
  if (root.files.includes(wanted)) return
  const bundled = protobuf.common.get(wanted)
  const unregistered = UNREGISTERED.get(wanted)
  if (unregistered !== undefined) parseInto(root, wanted, unregistered)
  else if (bundled !== null) {
    root.files.push(wanted)
    root.addJSON(bundled.nested!)
  }
}

/** Counts messages in the order of the file, without those of other files in the same package. */
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

/** Counts the entry types of maps too, as librdkafka clients do, which register descriptors. */
function finderOfDescriptor(root: protobuf.Root, file: FileDescriptor): MessageFinder {
  return (indexes) => {
    const path = file.package === '' ? [] : file.package.split('.')
    let inside: readonly MessageDescriptor[] = file.messageType
    for (const index of indexes) {
      const message = inside[index]
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
