import { EncodedBatch, type EncodedRecord } from './encoded-record.js'
import { freeBytes } from './response-bytes.js'
import type { UnreadableRecord } from './unreadable-record.js'

type FetchedRecord = EncodedRecord | UnreadableRecord

/**
 * The records of a partition by ascending offset, with the parts of an array that are used by kafkajs and its callers. A record is an object
 * only while it is in use: garbage collection of an object per record, which is in memory until its batch is written, costs CPU time
 * (docs/design/ingest.md).
 */
export class RecordList implements Iterable<FetchedRecord> {
  readonly length: number
  /** kafkajs accesses the first and the last one in this form; others are `undefined`. */
  readonly [index: number]: FetchedRecord
  /** [batches + 1]; index of the first record of each batch, and the length */
  private readonly starts: readonly number[]
  /** Index of the batch that was accessed last; records are mostly read in their order. */
  private batchIndex = 0

  /** @param releaseResponse  releases the part of the fetch response that has the batches */
  constructor(
    protected readonly batches: readonly (EncodedBatch | readonly UnreadableRecord[])[],
    protected readonly releaseResponse: () => void,
  ) {
    const starts = [0]
    for (const { length } of batches) starts.push(starts.at(-1)! + length)
    this.starts = starts
    this.length = starts.at(-1)!
    if (this.length === 0) return
    Object.assign(this, { 0: this.at(0), [this.length - 1]: this.at(-1) })
  }

  at(index: number): FetchedRecord | undefined {
    const place = index < 0 ? this.length + index : index
    if (!(place >= 0 && place < this.length)) return undefined
    while (place < this.starts[this.batchIndex]!) this.batchIndex -= 1
    while (place >= this.starts[this.batchIndex + 1]!) this.batchIndex += 1
    return this.batches[this.batchIndex]!.at(place - this.starts[this.batchIndex]!)
  }

  *[Symbol.iterator](): Generator<FetchedRecord> {
    for (let index = 0; index < this.length; index++) yield this.at(index)!
  }

  map<T>(toValue: (record: FetchedRecord) => T): T[] {
    return Array.from(this, toValue)
  }

  some(test: (record: FetchedRecord) => boolean): boolean {
    return this.map(test).includes(true)
  }

  filter(test: (record: FetchedRecord) => boolean): RecordList {
    return new RecordList(
      this.batches.map((records) => records.filter(test)),
      this.releaseResponse,
    )
  }

  /** Frees the memory of the records, which must not be read afterwards. */
  release(): void {
    // A compressed batch was expanded into memory of its own.
    for (const records of this.batches) if (records instanceof EncodedBatch) freeBytes(records.bytes)
    this.releaseResponse()
  }
}

/**
 * The records of a fetch. kafkajs first removes those before the requested offset, and creates a string, a BigInt and an object for each
 * comparison. If the first record passes, all do.
 */
export class FetchedRecords extends RecordList {
  override filter(test: (record: FetchedRecord) => boolean): RecordList {
    return this.length > 0 && test(this[0]!) ? new RecordList(this.batches, this.releaseResponse) : super.filter(test)
  }
}
