import { compressSync } from 'snappy'
import { expect, test } from 'vitest'
import { decompressSnappy } from './compression.js'

const text = Buffer.from('a record, '.repeat(5_000))

function xerial(...blocks: Buffer[]): Buffer {
  const framed = blocks.flatMap((block) => {
    const size = Buffer.alloc(4)
    size.writeUInt32BE(block.length)
    return [size, block]
  })
  return Buffer.concat([Buffer.from('\x82SNAPPY\0', 'latin1'), Buffer.from([0, 0, 0, 1, 0, 0, 0, 1]), ...framed])
}

test('a bare block is decompressed', async () => {
  expect((await decompressSnappy(compressSync(text))).equals(text)).toBe(true)
})

test("the blocks of xerial's frame are decompressed, in order", async () => {
  const blocks = [text.subarray(0, 32_768), text.subarray(32_768)].map((part) => compressSync(part))
  expect((await decompressSnappy(xerial(...blocks))).equals(text)).toBe(true)
  expect(await decompressSnappy(xerial())).toHaveLength(0)
})

test('a frame that ends too early is an error', async () => {
  await expect(decompressSnappy(xerial(compressSync(text)).subarray(0, -3))).rejects.toThrow()
})
