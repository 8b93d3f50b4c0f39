import { createServer } from 'node:http'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { type Listening, onLoopback } from '../support/on-loopback.js'

export const FORMATS = ['json', 'csv', 'avro', 'protobuf'] as const
export type Format = (typeof FORMATS)[number]

/** Fields that every format can write. */
export const COLUMNS = ['n', 'm', 'city', 'ok', 'note', 'at', 'key'] as const

/** Writes a record as the value of a message; values that a format cannot represent become text or are left out. */
export const WRITERS: Readonly<Record<Format, (record: Readonly<Record<string, unknown>>) => Buffer>> = {
  json: (record) => Buffer.from(JSON.stringify(record)),
  csv: (record) => Buffer.from(COLUMNS.map((name) => `"${textOf(record[name]).replaceAll('"', '""')}"`).join(',')),
  avro: (record) => framed(1, AVRO.toBuffer(mapped(record, avroValue))),
  protobuf: (record) => {
    const { n, m, ok, at, ...texts } = record
    const ms = Date.parse(textOf(at))
    const message = {
      ...mapped(texts, (value) => textOf(value)),
      ...mapped({ n, m }, (value) => (value === undefined || value === null ? null : Number(value))),
      ...(typeof ok === 'boolean' && { ok }),
      ...(Number.isFinite(ms) && {
        at: { seconds: Math.floor(ms / 1_000), nanos: (((ms % 1_000) + 1_000) % 1_000) * 1e6 },
      }),
    }
    // The byte after the frame header is the message index: the first of the file.
    return framed(2, Buffer.from([0]), PROTOBUF.encode(PROTOBUF.fromObject(message)).finish())
  },
}

function mapped<Value>(record: object, of: (value: unknown, name: string) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value, name)]))
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Confluent's wire format. */
export function framed(schemaId: number, ...parts: readonly Uint8Array[]): Buffer {
  const frame = Buffer.alloc(5)
  frame.writeInt32BE(schemaId, 1)
  return Buffer.concat([frame, ...parts])
}

const AVRO_TEXT = JSON.stringify({
  type: 'record',
  name: 'Flight',
  fields: COLUMNS.map((name) => ({
    name,
    type: ['null', 'double', 'boolean', 'string', { type: 'long', logicalType: 'timestamp-millis' }],
    default: null,
  })),
})
const AVRO = avsc.Type.forSchema(JSON.parse(AVRO_TEXT), { wrapUnions: true })

function avroValue(value: unknown, name: string): object | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'boolean') return { boolean: value }
  if (typeof value === 'number')
    return name === 'at' && Number.isSafeInteger(value) ? { long: value } : { double: value }
  return { string: textOf(value) }
}

const PROTOBUF_TEXT = `syntax = "proto3"; package fuzz;
import "google/protobuf/timestamp.proto";
message Flight {
  optional double n = 1;
  optional double m = 2;
  optional string city = 3;
  optional bool ok = 4;
  optional string note = 5;
  google.protobuf.Timestamp at = 6;
  optional string key = 7;
  optional string other = 8;
}`
const ROOT = new protobuf.Root()
ROOT.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!)
const PROTOBUF = protobuf.parse(PROTOBUF_TEXT, ROOT, { keepCase: true }).root.lookupType('fuzz.Flight')

const SCHEMAS = new Map<string | undefined, object>([
  ['/schemas/ids/1', { schema: AVRO_TEXT }],
  ['/schemas/ids/2', { schemaType: 'PROTOBUF', schema: PROTOBUF_TEXT }],
])

/** Starts a schema registry with the schemas of the writers. */
export function startRegistry(): Promise<Listening> {
  const server = createServer(({ url }, response) => {
    const schema = SCHEMAS.get(url)
    response.writeHead(schema === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(schema ?? { error_code: 40403, message: 'no such schema' }))
  })
  return onLoopback(server)
}
