import { createRequire } from 'node:module'
import { freeMemory } from '@outflow/records/fields'

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
  readonly bytesBuffered: number
  /** Size of the response that is being received, or of its length field. */
  readonly bytesNeeded: number
  processData(received: Buffer): void
}

/**
 * Makes kafkajs's connections drop a response after reading it, and free the chunks in which it was received. kafkajs keeps an empty view of
 * the response when no bytes follow it, and concatenates it with the next one, which fails once the response has been freed.
 */
export function keepNoResponses(): void {
  const { prototype }: { prototype: Connection } = createRequire(import.meta.url)('kafkajs/src/network/connection')
  if (prototype.processData === processAndDrop) return
  processData = prototype.processData
  prototype.processData = processAndDrop
}

let processData: (this: Connection, received: Buffer) => void

function processAndDrop(this: Connection, received: Buffer): void {
  const isComplete = this.bytesBuffered + received.length >= this.bytesNeeded
  // kafkajs copies several chunks into one buffer, and uses a single one as it is.
  const copied = isComplete && this.chunks.length > 0 ? [...this.chunks, received] : []
  processData.call(this, received)
  if (this.bytesBuffered === 0) this.chunks = []
  for (const chunk of copied) freeBytes(chunk)
}
