import type { Position } from '@outflow/contracts'

/** A sample that does not depend on the order in which the records of several partitions arrive. */
interface Sample<R extends Position, K> {
  add(record: R): void
  /** The kept values of the sampled records, sorted by topic, partition and offset. */
  records(): K[]
}

/**
 * Keeps the `size` records with the smallest priority, which is a hash of seed and position: every record has the same
 * probability, and the same seed and records give the same sample. At most 2·size records are in memory.
 *
 * @param keep  called for a record that enters the sample; its result must not refer to the record's bytes
 */
export function makeSample<R extends Position, K>(size: number, seed: number, keep: (record: R) => K): Sample<R, K> {
  let kept: PrioritisedItem<K>[] = []
  let limit = Number.POSITIVE_INFINITY
  const topics = new Map<string, number>()

  const prune = () => {
    if (kept.length <= size) return
    kept = kept.toSorted((a, b) => a.priority - b.priority || comparePositions(a.at, b.at)).slice(0, size)
    limit = kept.at(-1)!.priority
  }
  return {
    add(record) {
      const { topic, partition, offset } = record
      let topicHash = topics.get(topic)
      if (topicHash === undefined) {
        topicHash = hashText(topic, seed)
        topics.set(topic, topicHash)
      }
      const priority = priorityOf(topicHash, record)
      if (priority > limit) return
      kept.push({ priority, at: { topic, partition, offset }, item: keep(record) })
      if (kept.length >= 2 * size) prune()
    },
    records() {
      prune()
      return kept.toSorted((a, b) => comparePositions(a.at, b.at)).map(({ item }) => item)
    },
  }
}

interface PrioritisedItem<K> {
  readonly priority: number
  readonly at: Position
  readonly item: K
}

/** 32 bits; positions of equal priority are taken in order, which biases one record in millions. */
function priorityOf(topicHash: number, { partition, offset }: Position): number {
  const low = Number(offset & 0xffff_ffffn)
  const high = Number(offset >> 32n)
  return mix(mix(mix(topicHash ^ partition) ^ low) ^ high) >>> 0
}

function hashText(text: string, seed: number): number {
  return Array.from(Buffer.from(text)).reduce((hash, byte) => mix(hash ^ byte), mix(seed ^ 0x9e37_79b9))
}

/** MurmurHash3's 32-bit finaliser: every input bit changes each output bit with probability one half. */
function mix(value: number): number {
  let hash = value | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return hash ^ (hash >>> 16)
}

function comparePositions(a: Position, b: Position): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  if (a.partition !== b.partition) return a.partition - b.partition
  return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0
}
