import { isUtf8 } from 'node:buffer'
import { MAX_VALUES } from '../check-depth.js'
import { integerOf } from '../integers.js'

/**
 * Reads one message of untrusted bytes from its start. Each method throws a RangeError if the bytes end too early or are not a valid value.
 *
 * @see https://avro.apache.org/docs/1.12.0/specification/#binary-encoding
 */
export class AvroBytes {
  readonly #bytes: Buffer
  #at = 0
  /** Items of the arrays and maps, and fields of records, so far. */
  #values = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  boolean(): boolean {
    return this.#byte() !== 0
  }

  int(): number {
    const value = this.long()
    if (typeof value === 'number' && value === (value | 0)) return value
    throw new RangeError(`an int has 32 bits, found ${value}`)
  }

  /** A zigzag varint of at most 10 bytes; a number within ± 2⁵³, its digits as text beyond. */
  long(): number | string {
    let low = 0
    let place = 1
    for (let read = 0; read < EXACT_BYTES; read++) {
      const byte = this.#byte()
      low += (byte & 0x7f) * place
      if (byte < 0x80) return low % 2 === 0 ? low / 2 : -(low + 1) / 2
      place *= 128
    }
    let value = BigInt(low)
    for (let read = EXACT_BYTES; read < MOST_BYTES; read++) {
      const byte = this.#byte()
      value |= BigInt(byte & 0x7f) << BigInt(7 * read)
      if (byte >= 0x80) continue
      if (value >= 2n ** 64n) break
      return integerOf(value % 2n === 0n ? value / 2n : -(value + 1n) / 2n)
    }
    throw new RangeError('a varint of more than 64 bits')
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#skip(4))
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  fixed(length: number): Buffer {
    const at = this.#skip(length)
    return this.#bytes.subarray(at, this.#at)
  }

  bytes(): Buffer {
    return this.fixed(this.#count())
  }

  string(): string {
    const bytes = this.bytes()
    if (!isUtf8(bytes)) throw new RangeError('a string is not UTF-8')
    return bytes.toString('utf8')
  }

  /** The branch of a union or the symbol of an enum. */
  choice<Item>(items: readonly Item[]): Item {
    const index = this.#count()
    const item = items[index]
    if (item === undefined) throw new RangeError(`a union or enum of ${items.length} has no item ${index}`)
    return item
  }

  /**
   * Reads the blocks of an array or a map.
   *
   * @param width  how many values an item has at least, fields of a record included: a record may take no bytes
   */
  blocks(width: number, readItem: () => void): void {
    for (;;) {
      let count = this.#count()
      if (count === 0) return
      if (count < 0) {
        count = -count
        this.#count()
      }
      this.countValues(count * width)
      for (; count > 0; count--) readItem()
    }
  }

  /** Counts values before they are read. */
  countValues(count: number): void {
    this.#values += count
    if (this.#values > MAX_VALUES)
      throw new RangeError(`${count} further values make it more than ${MAX_VALUES} values`)
  }

  #count(): number {
    const count = this.long()
    if (typeof count === 'number') return count
    throw new RangeError(`a count of ${count}`)
  }

  /** Returns the position of a value of this many bytes, and advances behind it. */
  #skip(length: number): number {
    if (length < 0 || length > this.left) throw new RangeError(`a value of ${length} bytes where ${this.left} are left`)
    this.#at += length
    return this.#at - length
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new RangeError('the value ends too early')
    return byte
  }
}

/** Seven varint bytes have 49 bits, which a double represents exactly. */
const EXACT_BYTES = 7
const MOST_BYTES = 10
