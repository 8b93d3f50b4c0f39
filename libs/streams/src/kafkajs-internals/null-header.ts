import { createRequire } from 'node:module'

/** Given to kafkajs for the value of a header that is null: kafkajs throws on null itself when it measures a record. */
export const NULL_HEADER = Buffer.alloc(0)

interface Encoder {
  writeVarIntString(text: string): Encoder
  writeVarIntBytes(bytes: Buffer | string | null): Encoder
}

/**
 * Makes kafkajs send `NULL_HEADER` as null. The size that it computes stays right: the length −1 takes one byte, as the length 0 does.
 *
 * kafkajs loads this module of its own with the first message that it sends; after that the replacement has no effect.
 */
export function sendNullHeaders(): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/protocol/recordBatch/header/v0')
  const KafkaEncoder: new () => Encoder = require('kafkajs/src/protocol/encoder')
  require(path)
  require.cache[path]!.exports = ({ key, value }: { readonly key: string; readonly value: Buffer | string }) =>
    new KafkaEncoder().writeVarIntString(key).writeVarIntBytes(value === NULL_HEADER ? null : value)
}
