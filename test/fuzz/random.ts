import { createHash } from 'node:crypto'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Random numbers, and the building blocks of generators. */
export interface Random {
  /** An integer from 0 to `end` − 1. */
  below(end: number): number
  /** An integer from `least` to `most`. */
  between(least: number, most: number): number
  /** True once in `n` times on average. */
  oneIn(n: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** At most `most` items. */
  list<Item>(most: number, make: () => Item): Item[]
  bytes(length: number): Buffer
}

/** Random numbers for one input, which depend on nothing else. */
export function randomOf(seed: number, target: string, index: number): Random {
  const generator = xoroshiro128plus(createHash('sha256').update(`${seed} ${target} ${index}`).digest().readInt32LE())
  const between = (least: number, most: number) => uniformInt(generator, least, most)
  const below = (end: number) => between(0, end - 1)
  return {
    below,
    between,
    oneIn: (n) => below(n) === 0,
    pick: (items) => items[below(items.length)]!,
    list: (most, make) => Array.from({ length: between(0, most) }, make),
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
  }
}

/** Changes, removes, repeats or inserts bytes at one to four positions. */
export function mutate(random: Random, bytes: Buffer, likely: Buffer): Buffer {
  const likelyByte = () => likely[random.below(likely.length)]!
  let changed = bytes
  for (let changes = random.between(1, 4); changes > 0; changes--) {
    const at = random.below(changed.length + 1)
    const end = Math.min(changed.length, at + random.pick([0, 1, 1, 2, random.below(16)]))
    const insert = random.pick([
      () => Buffer.alloc(0),
      () => Buffer.from([random.below(256)]),
      () => Buffer.from([likelyByte()]),
      () => Buffer.alloc(random.below(12), likelyByte()),
      () => changed.subarray(random.below(changed.length + 1)).subarray(0, random.below(16)),
    ])()
    changed = Buffer.concat([changed.subarray(0, at), insert, changed.subarray(end)])
  }
  return random.oneIn(8) ? changed.subarray(0, random.below(changed.length + 1)) : changed
}
