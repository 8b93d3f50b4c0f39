import { gzipSync } from 'node:zlib'
import { compress as zstd } from '@mongodb-js/zstd'
import fc from 'fast-check'
import { compressFrame as lz4 } from 'lz4-napi'
import { compressSync } from 'snappy'
import { expect, test } from 'vitest'
import {
  decompressGzip,
  decompressLz4,
  decompressSnappy,
  decompressZstd,
  ExpandsTooFar,
  MAX_EXPANDED_BYTES,
} from './compression.js'

const text = Buffer.from('a record, '.repeat(5_000))

function xerial(...blocks: Buffer[]): Buffer {
  const framed = blocks.flatMap((block) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    return [size, block]
  })
  return Buffer.concat([Buffer.from('\x82SNAPPY\0', 'latin1'), Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), ...framed])
}

test('a frame without blocks is empty, and a truncated one is an error', async () => {
  expect(await decompressSnappy(xerial())).toHaveLength(0)
  await expect(decompressSnappy(xerial(compressSync(text)).subarray(0, -3))).rejects.toThrow()
})

const CODECS = [
  ['gzip', async (bytes: Buffer) => gzipSync(bytes), decompressGzip],
  ['a block of snappy', async (bytes: Buffer) => compressSync(bytes), decompressSnappy],
  [
    "xerial's frame",
    async (bytes: Buffer) => xerial(compressSync(bytes.subarray(0, 1_000)), compressSync(bytes.subarray(1_000))),
    decompressSnappy,
  ],
  ['lz4', async (bytes: Buffer) => lz4(bytes), decompressLz4],
  ['zstd', async (bytes: Buffer) => zstd(bytes), decompressZstd],
] as const

test.each(CODECS)(
  'issue 17.19: %s is expanded up to the bound, and a longer result is an error',
  async (_, compress, decompress) => {
    const most = Buffer.alloc(MAX_EXPANDED_BYTES, ' ')
    expect((await decompress(await compress(most))).equals(most)).toBe(true)
    const blanks = await compress(Buffer.alloc(MAX_EXPANDED_BYTES + 1_000_000, ' '))
    const before = process.memoryUsage().rss
    await expect(decompress(blanks)).rejects.toThrow(ExpandsTooFar)
    expect(process.memoryUsage().rss - before).toBeLessThan(3 * MAX_EXPANDED_BYTES)
  },
)

test.each(CODECS)('%s decompresses what was compressed', async (_, compress, decompress) => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.integer({ min: 1, max: 3_000 }), async (part, times) => {
      const bytes = Buffer.concat(Array.from({ length: times }, () => part))
      expect((await decompress(await compress(bytes))).equals(bytes)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test.each([
  ['lz4', lz4, decompressLz4],
  ['zstd', zstd, decompressZstd],
] as const)('issue 17.19: several frames of %s count together', async (_, compress, decompress) => {
  const frame = await compress(Buffer.alloc(MAX_EXPANDED_BYTES / 2, ' '))
  await expect(decompress(Buffer.concat([frame, frame, frame]))).rejects.toThrow(ExpandsTooFar)
})
