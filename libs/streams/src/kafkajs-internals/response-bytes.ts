import { createRequire } from 'node:module'

/**
 * The bytes of a fetch response, freed when the records of all its partitions have been released.
 *
 * Garbage collection would free them as well, but later and at a higher cost: V8 collects the whole heap once such bytes add up to
 * some 32 MiB (docs/design/ingest.md).
 */
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

/** Frees the memory of bytes, and leaves a buffer of length 0; does nothing if the memory has other bytes too, or on Node 20. */
export function freeBytes({ buffer, byteOffset, byteLength }: Buffer): void {
  const isAlone = byteOffset <= RESPONSE_HEADER_BYTES && byteOffset + byteLength === buffer.byteLength
  if (isAlone) (buffer as Partial<Transferable>).transfer?.(0)
}

/** An ArrayBuffer from Node 22 on. */
interface Transferable {
  transfer(length: number): ArrayBuffer
}

/** Size and correlation id, which kafkajs removes from a response. */
const RESPONSE_HEADER_BYTES = 8

/** The bytes that a connection has received after the last response. */
interface Connection {
  chunks: readonly Buffer[]
  bytesBuffered: number
  processData(received: Buffer): void
}

/**
 * Makes kafkajs's connections drop a response after reading it. kafkajs keeps an empty view of the response when no bytes follow
 * it, and concatenates it with the next one, which fails once the response has been freed.
 */
export function keepNoResponses(): void {
  const { prototype }: { prototype: Connection } = createRequire(import.meta.url)('kafkajs/src/network/connection')
  if (prototype.processData === processAndDrop) return
  processData = prototype.processData
  prototype.processData = processAndDrop
}

let processData: (this: Connection, received: Buffer) => void

function processAndDrop(this: Connection, received: Buffer): void {
  processData.call(this, received)
  if (this.bytesBuffered === 0) this.chunks = []
}
