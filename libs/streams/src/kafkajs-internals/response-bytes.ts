import { createRequire } from 'node:module'
import { freeMemory } from '@outflow/records/fields'
import { replaceMethod } from './replace-method.js'

/** The bytes of a fetch response, freed when the records of all its partitions have been released. */
export class ResponseBytes {
  private partitions = 0

  constructor(private readonly bytes: Buffer) {}

  /** Adds a partition, and returns the function that releases it, to be called at most once. */
  addPartition(): () => void {
    this.partitions += 1
    return () => {
      this.partitions -= 1
      if (this.partitions === 0) freeBytes(this.bytes)
    }
  }
}

/** Frees the memory of bytes unless it has other bytes too. */
export function freeBytes(bytes: Buffer): void {
  const { buffer, byteOffset, byteLength } = bytes
  if (byteOffset <= RESPONSE_HEADER_BYTES && byteOffset + byteLength === buffer.byteLength) freeMemory(bytes)
}

/** Size and correlation id, which kafkajs removes from a response. */
const RESPONSE_HEADER_BYTES = 8

/** The bytes that a connection has received after the last response. */
interface Connection {
  chunks: readonly Buffer[]
  bytesBuffered: number
  /** Size of the response that is being received, with its length field; `LENGTH_BYTES` until the length is known. */
  readonly bytesNeeded: number
  processData(received: Buffer): void
}

const LENGTH_BYTES = 4
/** A larger length is probably not that of a response, but text of another protocol. */
const LARGEST_RESPONSE_BYTES = 256 * 1024 ** 2

/**
 * Makes kafkajs's connections receive a response into one buffer, and drop it after reading it.
 *
 * kafkajs keeps the chunks of a response, some 64 KiB each, and copies them when all have arrived. When no bytes follow, it keeps an empty
 * view of the response and concatenates it with the next one, which fails once the response has been freed.
 */
export function receiveInOneBuffer(): void {
  const { prototype }: { prototype: Connection } = createRequire(import.meta.url)('kafkajs/src/network/connection')
  replaceMethod(prototype, 'processData', receive)
}

function receive(connection: Connection, processData: Connection['processData'], received: Buffer): void {
  const [response] = connection.chunks
  // A chunk as long as the response has been allocated for it below: kafkajs would have processed a received one.
  if (response?.length !== connection.bytesNeeded) {
    processData.call(connection, received)
    if (connection.bytesBuffered === 0) connection.chunks = []
    else if (connection.bytesNeeded > LENGTH_BYTES && connection.bytesNeeded <= LARGEST_RESPONSE_BYTES) {
      const begun = connection.chunks[0]!
      const whole = Buffer.allocUnsafeSlow(connection.bytesNeeded)
      begun.copy(whole)
      freeBytes(begun)
      connection.chunks = [whole]
    }
    return
  }
  const copied = received.copy(response, connection.bytesBuffered)
  connection.bytesBuffered += copied
  if (connection.bytesBuffered === connection.bytesNeeded) {
    connection.chunks = []
    connection.bytesBuffered = 0
    processData.call(connection, response)
    connection.chunks = []
  }
  if (copied < received.length) receive(connection, processData, received.subarray(copied))
  else freeBytes(received)
}
