import { promisify } from 'node:util'
import { unzip } from 'node:zlib'
import { decompress as unzstd } from '@mongodb-js/zstd'
import kafkajs from 'kafkajs'
import { decompressFrame as unlz4 } from 'lz4-napi'
import { uncompress as unsnappy } from 'snappy'

// Node does not detect all export names of a CommonJS package; Vitest does.
const { CompressionCodecs, CompressionTypes } = kafkajs

/** Largest size of an expanded batch. Producers' batches are below 1 MiB compressed by Kafka's defaults. */
export const MAX_EXPANDED_BYTES = 32 * 1024 ** 2

/** A compressed batch expands to more than `MAX_EXPANDED_BYTES`. */
export class ExpandsTooFar extends Error {}

/**
 * Registers codecs with kafkajs that do not expand a batch beyond `MAX_EXPANDED_BYTES`. They decompress on libuv's threads, not on
 * the thread that scores. outflow's own messages are not compressed.
 */
export function registerCodecs(): void {
  const codecs = CompressionCodecs as Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }>
  const gzip = codecs[CompressionTypes.GZIP]!()
  codecs[CompressionTypes.GZIP] = () => ({ ...gzip, decompress: decompressGzip })
  codecs[CompressionTypes.Snappy] = () => ({ decompress: decompressSnappy })
  codecs[CompressionTypes.LZ4] = () => ({ decompress: decompressLz4 })
  codecs[CompressionTypes.ZSTD] = () => ({ decompress: decompressZstd })
}

const gunzip = promisify(unzip) as (bytes: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

/** @throws {ExpandsTooFar} */
export async function decompressGzip(bytes: Buffer): Promise<Buffer> {
  try {
    return await gunzip(bytes, { maxOutputLength: MAX_EXPANDED_BYTES })
  } catch (thrown: unknown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooFar()
    throw thrown
  }
}

/**
 * The Java client writes snappy as blocks in xerial's frame; librdkafka writes one bare block.
 *
 * @throws {ExpandsTooFar}
 */
export async function decompressSnappy(bytes: Buffer): Promise<Buffer> {
  const blocks = [...snappyBlocks(bytes)]
  checkExpanded(blocks.reduce((sum, block) => sum + snappyLength(block), 0))
  const expanded = await Promise.all(blocks.map((block) => unsnappy(block, { asBuffer: true }) as Promise<Buffer>))
  return expanded.length === 1 ? expanded[0]! : Buffer.concat(expanded)
}

function* snappyBlocks(bytes: Buffer): Iterable<Buffer> {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return yield bytes
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const start = at + 4
    at = start + bytes.readUInt32BE(at)
    yield bytes.subarray(start, at)
  }
}

/** A block begins with its expanded length as a varint. The decoder allocates that length, and fails if it is wrong. */
function snappyLength(block: Buffer): number {
  let length = 0
  for (let place = 0; place < 5; place++) {
    const byte = block[place] ?? 0
    length += (byte & 0x7f) * 2 ** (7 * place)
    if (byte < 0x80) break
  }
  return length
}

const XERIAL_MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1')
/** The magic bytes, and two versions of four bytes each. */
const XERIAL_HEADER_BYTES = 16

/** @throws {ExpandsTooFar} */
export async function decompressLz4(bytes: Buffer): Promise<Buffer> {
  checkExpanded(lz4Bound(bytes))
  return unlz4(bytes)
}

/**
 * Upper bound of the expanded length of frames, from the headers of their blocks.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
function lz4Bound(bytes: Buffer): number {
  let expanded = 0
  let at = 0
  while (at + 7 <= bytes.length) {
    const flags = bytes[at + 4]!
    const blockBytes = 2 ** (8 + 2 * ((bytes[at + 5]! >> 4) & 7))
    at += 7 + (flags & 0x08 ? 8 : 0) + (flags & 0x01 ? 4 : 0)
    for (let size = 1; size > 0 && at + 4 <= bytes.length; ) {
      size = bytes.readUInt32LE(at) & 0x7fff_ffff
      expanded += Math.min(blockBytes, LZ4_MOST_EXPANSION * size)
      at += 4 + size + (size > 0 && flags & 0x10 ? 4 : 0)
    }
    if (flags & 0x04) at += 4
  }
  return expanded
}

/** One byte of a match's length encodes at most 255 bytes. */
const LZ4_MOST_EXPANSION = 256

/** @throws {ExpandsTooFar} */
export async function decompressZstd(bytes: Buffer): Promise<Buffer> {
  checkExpanded(zstdBound(bytes))
  return unzstd(bytes)
}

/**
 * Upper bound of the expanded length of a batch's frames, from the headers of their blocks: Kafka's frames do not state it.
 *
 * @see RFC 8878, sections 3.1.1.1 and 3.1.1.2
 */
function zstdBound(bytes: Buffer): number {
  let expanded = 0
  let at = 0
  while (at + 4 < bytes.length) {
    const magic = bytes.readUInt32LE(at)
    if ((magic & 0xffff_fff0) >>> 0 === ZSTD_SKIPPABLE) {
      at += 8 + (at + 8 <= bytes.length ? bytes.readUInt32LE(at + 4) : 0)
      continue
    }
    const descriptor = bytes[at + 4]!
    at += zstdHeaderBytes(descriptor)
    for (let isLast = false; !isLast && at + 3 <= bytes.length; ) {
      const header = bytes.readUIntLE(at, 3)
      isLast = (header & 1) === 1
      const [type, size] = [(header >> 1) & 3, header >> 3]
      expanded += type === ZSTD_COMPRESSED ? ZSTD_BLOCK_BYTES : size
      at += 3 + (type === ZSTD_REPEATED ? 1 : size)
    }
    if (descriptor & 0x04) at += 4
  }
  return expanded
}

/** Size of a frame's header: magic number, descriptor, window, dictionary id and content size. */
function zstdHeaderBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return 5 + (isSingleSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]! + contentSizeBytes
}

const ZSTD_SKIPPABLE = 0x184d_2a50
const ZSTD_REPEATED = 1
const ZSTD_COMPRESSED = 2
/** The largest expanded size of a block. */
const ZSTD_BLOCK_BYTES = 128 * 1024

function checkExpanded(bytes: number): void {
  if (bytes > MAX_EXPANDED_BYTES) throw tooFar()
}

const tooFar = () => new ExpandsTooFar(`a compressed batch may expand to ${MAX_EXPANDED_BYTES} bytes`)
