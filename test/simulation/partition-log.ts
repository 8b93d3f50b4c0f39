import { kafkaError } from './kafka-errors.js'

/** A record as a broker stores it. */
export interface LoggedRecord {
  readonly offset: bigint
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In the form of kafkajs. */
  readonly headers: Readonly<Record<string, Buffer | Buffer[]>>
  /** Of the transaction; null outside a transaction. */
  readonly producerId: number | null
  /** Marker of the end of a transaction; consumers do not get it. */
  readonly marker?: 'commit' | 'abort'
}

interface Batch {
  readonly producerId: number
  readonly epoch: number
  readonly firstSequence: number
  readonly isTransactional: boolean
  readonly records: readonly Pick<LoggedRecord, 'timestampMs' | 'key' | 'value' | 'headers'>[]
}

interface ProducerState {
  epoch: number
  /** Of the last batch. */
  firstSequence: number
  nextSequence: number
  baseOffset: bigint
}

/** One partition: its records, its producers, and its open and aborted transactions. */
export class PartitionLog {
  start = 0n
  end = 0n
  readonly #records: LoggedRecord[] = []
  readonly #producers = new Map<number, ProducerState>()
  /** First offsets of open transactions, by producer. */
  readonly #open = new Map<number, bigint>()
  readonly #aborted: { readonly producerId: number; readonly first: bigint; readonly last: bigint }[] = []

  /** Last stable offset: the first open transaction, or the end. Never before the start, as on a real broker. */
  get stableEnd(): bigint {
    let least = this.end
    for (const first of this.#open.values()) if (first < least) least = first
    if (least < this.start) return this.start
    return least
  }

  isOpen(producerId: number): boolean {
    return this.#open.has(producerId)
  }

  append(
    record: Pick<LoggedRecord, 'timestampMs' | 'key' | 'value' | 'headers'>,
    producerId: number | null = null,
  ): void {
    this.#records.push({ ...record, producerId, offset: this.end })
    this.end += 1n
  }

  /** @returns the offset of the batch's first record; a batch that was appended before is not appended again */
  appendBatch({ producerId, epoch, firstSequence, isTransactional, records }: Batch): bigint {
    const known = this.#producers.get(producerId)
    if (known !== undefined && epoch < known.epoch) throw kafkaError('INVALID_PRODUCER_EPOCH')
    const isSameEpoch = known?.epoch === epoch
    const nextSequence = firstSequence + records.length
    if (isSameEpoch && known.firstSequence === firstSequence && known.nextSequence === nextSequence)
      return known.baseOffset
    if (firstSequence !== (isSameEpoch ? known.nextSequence : 0)) throw kafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER')
    const baseOffset = this.end
    this.#producers.set(producerId, { epoch, firstSequence, nextSequence, baseOffset })
    if (isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, baseOffset)
    for (const record of records) this.append(record, isTransactional ? producerId : null)
    return baseOffset
  }

  /** Ends a producer's transaction; later batches of an earlier epoch are rejected. */
  endTransaction(producerId: number, epoch: number, marker: 'commit' | 'abort'): void {
    const known = this.#producers.get(producerId)
    if (known === undefined || known.epoch < epoch)
      this.#producers.set(producerId, { epoch, firstSequence: -1, nextSequence: 0, baseOffset: -1n })
    const first = this.#open.get(producerId)
    this.#open.delete(producerId)
    if (marker === 'abort' && first !== undefined) this.#aborted.push({ producerId, first, last: this.end })
    this.#records.push({
      ...{ offset: this.end, timestampMs: 0, value: null, headers: {}, producerId, marker },
      key: Buffer.from([0, 0, 0, marker === 'commit' ? 1 : 0]),
    })
    this.end += 1n
  }

  /**
   * Returns records from an offset of the log to the last stable offset, and the aborted transactions among them.
   *
   * @param areWhole  whether batches are returned whole, with records before the offset, as a broker returns compressed ones
   */
  read(from: bigint, most: number, areWhole: boolean) {
    const stableEnd = this.stableEnd
    const readable = this.#records.filter(({ offset }) => offset < stableEnd)
    const first = readable.findIndex(({ offset }) => offset >= from)
    if (first < 0) return { batches: [], aborted: [] }
    let [begin, end] = [first, Math.min(first + most, readable.length)]
    while (areWhole && begin > 0 && areOneBatch(readable[begin - 1]!, readable[begin]!)) begin--
    while (areWhole && end < readable.length && areOneBatch(readable[end - 1]!, readable[end]!)) end++
    const records = readable.slice(begin, end)
    const last = records.at(-1)!.offset
    return {
      batches: inBatches(records),
      aborted: this.#aborted.filter((own) => own.first <= last && own.last >= from),
    }
  }

  /** All records that were ever appended and committed, without markers. */
  committed(until = this.stableEnd): readonly LoggedRecord[] {
    const isAborted = ({ producerId, offset }: LoggedRecord) =>
      this.#aborted.some((own) => own.producerId === producerId && offset >= own.first && offset <= own.last)
    return this.#history.filter((record) => record.offset < until && record.marker === undefined && !isAborted(record))
  }

  /** The first record of that time or later; null: there is none. */
  firstSince(timestampMs: number): bigint | null {
    return this.#records.find((record) => record.timestampMs >= timestampMs)?.offset ?? null
  }

  /** Deletes records before an offset, as retention does. */
  deleteBefore(offset: bigint): void {
    if (offset <= this.start) return
    this.start = offset < this.end ? offset : this.end
    const kept = this.#records.findIndex((record) => record.offset >= this.start)
    this.#deleted.push(...this.#records.splice(0, kept === -1 ? this.#records.length : kept))
  }

  readonly #deleted: LoggedRecord[] = []

  get #history(): readonly LoggedRecord[] {
    return [...this.#deleted, ...this.#records]
  }
}

/** Maximum records per batch; batches begin at its multiples, and where the producer changes. */
const BATCH_RECORDS = 8n

function areOneBatch(a: LoggedRecord, b: LoggedRecord): boolean {
  const isMarker = a.marker !== undefined || b.marker !== undefined
  return !isMarker && a.producerId === b.producerId && a.offset / BATCH_RECORDS === b.offset / BATCH_RECORDS
}

function inBatches(records: readonly LoggedRecord[]): readonly (readonly LoggedRecord[])[] {
  const batches: LoggedRecord[][] = []
  for (const record of records) {
    const batch = batches.at(-1)
    if (batch !== undefined && areOneBatch(batch.at(-1)!, record)) batch.push(record)
    else batches.push([record])
  }
  return batches
}
