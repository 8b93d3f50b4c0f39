import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freeBytes, ResponseBytes, receiveInOneBuffer } from './response-bytes.js'

const CAN_FREE = 'transfer' in ArrayBuffer.prototype
const WHY_NOT = 'Node 20 cannot free the memory of a buffer'
const Connection = createRequire(import.meta.url)('kafkajs/src/network/connection')

/** A response as it arrives: size, correlation id, and content. */
function response(correlationId: number, content: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(8 + content.length)
  bytes.writeInt32BE(4 + content.length, 0)
  bytes.writeInt32BE(correlationId, 4)
  bytes.write(content, 8)
  return bytes
}

/** The part of a connection that reads responses, and the responses that it has read. */
function aConnection() {
  const read: Buffer[] = []
  const requestQueue = { fulfillRequest: ({ payload }: { readonly payload: Buffer }) => void read.push(payload) }
  const connection = { chunks: [], bytesBuffered: 0, bytesNeeded: 4, requestQueue }
  return { read, receive: (bytes: Buffer) => Connection.prototype.processData.call(connection, bytes) }
}

/** Divides bytes at some places, as a socket receives them: each chunk in memory of its own. */
function chunksOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length).toSorted((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, at) => Buffer.from(Uint8Array.from(bytes.subarray(places[at], end)).buffer))
}

test('a response is freed when all of its partitions have been released', ({ skip }) => {
  if (!CAN_FREE) skip(WHY_NOT)
  const bytes = response(1, 'records of two partitions').subarray(8)
  const shared = new ResponseBytes(bytes)
  const [first, second] = [shared.addPartition(), shared.addPartition()]
  first()
  expect(String(bytes)).toBe('records of two partitions')
  second()
  expect(bytes).toHaveLength(0)
})

test('a connection reads the next response after the last one was freed', () => {
  receiveInOneBuffer()
  const { read, receive } = aConnection()
  receive(response(1, 'first'))
  freeBytes(read[0]!)
  receive(response(2, 'second').subarray(0, 6))
  receive(response(2, 'second').subarray(6))
  expect(read.map(String)).toEqual([CAN_FREE ? '' : 'first', 'second'])
})

test('the chunks of a response are freed once they are copied', ({ skip }) => {
  if (!CAN_FREE) skip(WHY_NOT)
  receiveInOneBuffer()
  const { read, receive } = aConnection()
  const chunks = chunksOf(response(1, 'in three chunks'), [7, 14])
  for (const chunk of chunks) receive(chunk)
  expect(read.map(String)).toEqual(['in three chunks'])
  expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0])
})

test('responses are read whole, however they are divided into chunks', () => {
  receiveInOneBuffer()
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40, unit: 'grapheme-ascii' }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(300)),
      (contents, cuts) => {
        const { read, receive } = aConnection()
        const bytes = Buffer.concat(contents.map((content, at) => response(at, content)))
        for (const chunk of chunksOf(bytes, cuts)) receive(chunk)
        expect(read.map(String)).toEqual(contents)
      },
    ),
  )
})

test('a response that was received together with another one is not freed', () => {
  receiveInOneBuffer()
  const { read, receive } = aConnection()
  receive(Buffer.concat([response(1, 'first'), response(2, 'second'), response(3, 'third').subarray(0, 9)]))
  for (const bytes of read) freeBytes(bytes)
  receive(response(3, 'third').subarray(9))
  expect(read.map(String)).toEqual(['first', 'second', 'third'])
})
