import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { freeBytes, keepNoResponses, ResponseBytes } from './response-bytes.js'

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
  keepNoResponses()
  const { read, receive } = aConnection()
  receive(response(1, 'first'))
  freeBytes(read[0]!)
  receive(response(2, 'second').subarray(0, 6))
  receive(response(2, 'second').subarray(6))
  expect(read.map(String)).toEqual([CAN_FREE ? '' : 'first', 'second'])
})

test('the chunks of a response are freed when it is complete', ({ skip }) => {
  if (!CAN_FREE) skip(WHY_NOT)
  keepNoResponses()
  const { read, receive } = aConnection()
  const bytes = response(1, 'in three chunks')
  // As a socket receives them: each in memory of its own.
  const chunks = [bytes.subarray(0, 7), bytes.subarray(7, 14), bytes.subarray(14)].map((part) =>
    Buffer.from(Uint8Array.from(part).buffer),
  )
  receive(chunks[0]!)
  receive(chunks[1]!)
  expect(chunks.map(({ length }) => length)).toEqual([7, 7, 9])
  receive(chunks[2]!)
  expect(read.map(String)).toEqual(['in three chunks'])
  expect(chunks.map(({ length }) => length)).toEqual([0, 0, 0])
})

test('a response that was received together with another one is not freed', () => {
  keepNoResponses()
  const { read, receive } = aConnection()
  receive(Buffer.concat([response(1, 'first'), response(2, 'second'), response(3, 'third').subarray(0, 9)]))
  for (const bytes of read) freeBytes(bytes)
  receive(response(3, 'third').subarray(9))
  expect(read.map(String)).toEqual(['first', 'second', 'third'])
})
