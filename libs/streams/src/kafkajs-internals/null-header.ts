import { createRequire } from 'node:module'

/** Passed to kafkajs in place of null as a header's value, because kafkajs throws on null when it computes a record's size. */
export const NULL_HEADER = Buffer.alloc(0)

interface Encoder {
  writeVarIntString(text: string): Encoder
  writeVarIntBytes(bytes: Buffer | string | null): Encoder
}

/**
 * Makes kafkajs send `NULL_HEADER` as null. The computed size stays correct: the length −1 takes one byte, as does the length 0.
 *
 * kafkajs loads its encoder with the first message that it sends; after that the replacement has no effect.
 */
export function sendNullHeaders(): void {
  const require = createRequire(import.meta.url)
  const path = require.resolve('kafkajs/src/protocol/recordBatch/header/v0')
  const KafkaEncoder: new () => Encoder = require('kafkajs/src/protocol/encoder')
  require(path)
  require.cache[path]!.exports = ({ key, value }: { readonly key: string; readonly value: Buffer | string }) =>
    new KafkaEncoder().writeVarIntString(key).writeVarIntBytes(value === NULL_HEADER ? null : value)
}
