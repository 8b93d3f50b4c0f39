import type { Config } from '@outflow/contracts'
import { makeAvroSchema } from './avro/avro.js'
import { csvDecoder } from './csv.js'
import { decodeJson, pickJson } from './json/json.js'
import type { BodyDecoder, PickedValues, RecordDecoder } from './record-decoder.js'
import { registryDecoder } from './registry/registry-decoder.js'
import { makeRegistry } from './registry/schema-registry.js'

type SourceFormat = Pick<Config['source'], 'format' | 'maxRecordBytes' | 'csv' | 'registry'>

/** Returns the decoder of a source's messages for its configuration. */
export function makeDecoder(source: SourceFormat): RecordDecoder {
  const { prepare, decode: decodeBody, quickPicker } = bodyDecoder(source)
  const { maxRecordBytes } = source
  const decode: RecordDecoder['decode'] = (value) => {
    if (value === null || value.length === 0) {
      return { reason: 'empty', detail: value === null ? 'the message has no value' : 'the value has no bytes' }
    }
    if (value.length <= maxRecordBytes) return decodeBody(value)
    return {
      reason: 'too_large',
      detail: `a record has at most ${maxRecordBytes} bytes (source.maxRecordBytes); found ${value.length}`,
    }
  }
  return {
    prepare,
    decode,
    picker: (keys) => {
      const pickQuickly = quickPicker?.(keys)
      const picked: PickedValues = {
        numbers: new Float64Array(keys.length).fill(Number.NaN),
        others: keys.map(() => undefined),
      }
      return (bytes, from = 0, end = bytes?.length ?? 0) => {
        const quick = bytes !== null && end - from <= maxRecordBytes ? pickQuickly?.(bytes, from, end) : null
        if (quick) return quick
        const decoded = decode(bytes?.subarray(from, end) ?? null)
        if (!('record' in decoded)) return decoded
        keys.forEach((key, place) => {
          picked.others[place] = Object.hasOwn(decoded.record, key) ? decoded.record[key] : undefined
        })
        return picked
      }
    },
  }
}

const nothingToFetch = async () => {}

function bodyDecoder({ format, csv, registry }: SourceFormat): BodyDecoder {
  switch (format) {
    case 'json':
      return { prepare: nothingToFetch, decode: decodeJson, quickPicker: pickJson }
    case 'csv':
      return { prepare: nothingToFetch, decode: csvDecoder(csv) }
    case 'avro':
      return registryDecoder(makeRegistry(registry!), 'AVRO', async (schema) => makeAvroSchema(schema))
    case 'protobuf':
      return registryDecoder(makeRegistry(registry!), 'PROTOBUF', async (schema) => {
        // Loaded with the first schema, because protobufjs takes memory and few pipelines need it.
        const { makeProtobufSchema } = await import('./protobuf/protobuf.js')
        return makeProtobufSchema(schema)
      })
  }
}
