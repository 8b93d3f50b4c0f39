import { decompress as unzstd } from '@mongodb-js/zstd'
import kafkajs from 'kafkajs'
import { decompressFrame as unlz4 } from 'lz4-napi'
import { uncompress as unsnappy } from 'snappy'

// Node does not find all names in a CommonJS package; a test runner does.
const { CompressionCodecs, CompressionTypes } = kafkajs

/**
 * Teaches kafkajs to read what it does not by itself (gzip it does): snappy, lz4 and zstd batches. They are decompressed
 * on libuv's threads, not on the one that scores. outflow's own messages are not compressed.
 */
export function registerCodecs(): void {
  const codecs = CompressionCodecs as Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }>
  codecs[CompressionTypes.Snappy] = () => ({ decompress: decompressSnappy })
  codecs[CompressionTypes.LZ4] = () => ({ decompress: (bytes) => unlz4(bytes) })
  codecs[CompressionTypes.ZSTD] = () => ({ decompress: (bytes) => unzstd(bytes) })
}

/** The Java client writes snappy in blocks, in a frame of its own (xerial's); librdkafka writes one bare block. */
export async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return uncompressBlock(bytes)
  const blocks: Promise<Buffer>[] = []
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    blocks.push(uncompressBlock(bytes.subarray(start, at)))
  }
  return Buffer.concat(await Promise.all(blocks))
}

const uncompressBlock = (block: Buffer) => unsnappy(block, { asBuffer: true }) as Promise<Buffer>

const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1')
/** The magic, and two versions of four bytes. */
const XERIAL_HEADER_BYTES = 16
