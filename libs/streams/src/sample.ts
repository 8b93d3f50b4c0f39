import type { WindowRecord } from './delivery.js'

/** A uniform sample that does not depend on the order in which the records of several partitions arrive. */
export interface Sample<R extends WindowRecord = WindowRecord> {
  add(record: R): void
  /** The sampled records, by topic, partition and offset. */
  records(): R[]
}

/**
 * Keeps the `size` records with the smallest priority, which is a hash of seed and position: every record has the same
 * chance, and the same seed and records give the same sample. At most 2·size records are held.
 */
export function makeSample<R extends WindowRecord>(size: number, seed: number): Sample<R> {
  let kept: { readonly priority: number; readonly record: R }[] = []
  let limit = Number.POSITIVE_INFINITY
  const topics = new Map<string, number>()

  const prune = () => {
    if (kept.length <= size) return
    kept.sort((a, b) => a.priority - b.priority || comparePositions(a.record, b.record))
    kept = kept.slice(0, size)
    limit = kept.at(-1)!.priority
  }
  return {
    add(record) {
      let topicHash = topics.get(record.topic)
      if (topicHash === undefined) {
        topicHash = hashText(record.topic, seed)
        topics.set(record.topic, topicHash)
      }
      const priority = priorityOf(topicHash, record)
      if (priority > limit) return
      kept.push({ priority, record: own(record) })
      if (kept.length >= 2 * size) prune()
    },
    records() {
      prune()
      return kept.map(({ record }) => record).sort(comparePositions)
    },
  }
}

/** kafkajs gives views of whole fetch responses: one kept record would hold megabytes of others in memory. */
function own<R extends WindowRecord>(record: R): R {
  const headers = Object.entries(record.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(copy) : value && copy(value),
  ])
  return {
    ...record,
    key: record.key && Buffer.from(record.key),
    value: record.value && Buffer.from(record.value),
    headers: Object.fromEntries(headers),
  }
}

const copy = (bytes: Buffer | string) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes))

/** 32 bits; positions of equal priority are told apart by their order, a bias of one in millions. */
function priorityOf(topicHash: number, { partition, offset }: WindowRecord): number {
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

function comparePositions(a: WindowRecord, b: WindowRecord): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  if (a.partition !== b.partition) return a.partition - b.partition
  return a.offset < b.offset ? -1 : a.offset > b.offset ? 1 : 0
}
