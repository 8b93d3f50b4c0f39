import protobuf, { type Long } from 'protobufjs'
import { MAX_VALUES } from '../check-depth.js'

type Longs = (Long | number)[]

/** protobufjs's reader, which throws if a message, including nested ones, has more than MAX_VALUES fields. */
export class BoundedReader extends protobuf.BufferReader {
  #fields = 0

  override tag(): number {
    this.#fields += 1
    if (this.#fields > MAX_VALUES) throw new RangeError(`a message has at most ${MAX_VALUES} fields`)
    return super.tag()
  }

  override int64s(values?: Longs): Longs {
    this.#checkPacked(values)
    return super.int64s(values)
  }

  override uint64s(values?: Longs): Longs {
    this.#checkPacked(values)
    return super.uint64s(values)
  }

  override sint64s(values?: Longs): Longs {
    this.#checkPacked(values)
    return super.sint64s(values)
  }

  /** Packed 64-bit varints take 0.15 µs each and are counted here; other packed values are cheap enough to be counted afterwards. */
  #checkPacked(values: Longs = []): void {
    const { pos } = this
    const bytes = this.size()
    this.pos = pos
    if (values.length + bytes / LONGEST_VARINT > MAX_VALUES) {
      throw new RangeError(`a message has at most ${MAX_VALUES} values`)
    }
  }
}

const LONGEST_VARINT = 10
