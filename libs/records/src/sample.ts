import type { Position } from '@outflow/contracts'

/** How the weight of a record decreases with its age. */
export interface Decay {
  /** A record older than the newest by this much is half as likely to be sampled. */
  readonly halfLifeMs: number
  /** At least this many are sampled, if there are as many, regardless of age. */
  readonly fewest: number
  /** Epoch ms; later timestamps count as this time. */
  readonly latestMs: number
}

/** Position and time of a record that may be sampled. */
interface SampledPosition extends Position {
  /** Epoch ms. */
  readonly timestampMs: number
}

/** A sample that does not depend on the order in which the records of several partitions arrive. */
export interface Sample<R extends SampledPosition, K> {
  add(record: R): void
  /** The kept values of the sampled records, sorted by topic, partition and offset. */
  records(): K[]
}

/**
 * Keeps the `size` records with the smallest priority, which is a hash of seed and position: every record has the same
 * probability, and the same seed and records give the same sample. At most 2·size records are in memory.
 *
 * With decay a record has the weight w = 2^(−age / half-life), with its age counted from the newest record, and the priority hash / w.
 * The number of records kept is the sum of all weights, so a record is kept with probability w, and records one half-life old are half
 * as frequent as new ones, however small the window. (Efraimidis & Spirakis' −ln(hash) / w would thin out new records as well.)
 *
 * @param keep  called for a record that enters the sample; its result must not refer to the record's bytes
 * @see Ohlsson 1998, Sequential Poisson sampling, Journal of Official Statistics 14
 */
export function makeSample<R extends SampledPosition, K>(
  size: number,
  seed: number,
  keep: (record: R) => K,
  decay?: Decay,
): Sample<R, K> {
  const weights = decay && sumOfWeights(decay)
  let kept: PrioritisedItem<K>[] = []
  let limit = Number.POSITIVE_INFINITY
  const topics = new Map<string, number>()

  const prune = (count: number) => {
    if (kept.length <= count) return
    kept = kept.toSorted((a, b) => a.priority - b.priority || comparePositions(a.at, b.at)).slice(0, count)
    limit = kept.at(-1)!.priority
  }
  return {
    add(record) {
      let topicHash = topics.get(record.topic)
      if (topicHash === undefined) {
        topicHash = hashText(record.topic, seed)
        topics.set(record.topic, topicHash)
      }
      const hash = priorityOf(topicHash, record)
      const priority = decay === undefined ? hash : agedPriority(hash, record, decay)
      weights?.add(record)
      if (priority > limit) return
      kept.push({ priority, at: positionOf(record), item: keep(record) })
      if (kept.length >= 2 * size) prune(size)
    },
    records() {
      prune(Math.min(size, weights?.count() ?? size))
      return kept.toSorted((a, b) => comparePositions(a.at, b.at)).map(({ item }) => item)
    },
  }
}

interface PrioritisedItem<K> {
  readonly priority: number
  readonly at: Position
  readonly item: K
}

const positionOf = ({ topic, partition, offset }: Position): Position => ({ topic, partition, offset })

/** The logarithm of the priority, plus a constant: the weights themselves would overflow. */
function agedPriority(hash: number, { timestampMs }: SampledPosition, { halfLifeMs, latestMs }: Decay): number {
  const uniform = (hash + 0.5) / 2 ** 32
  return Math.log(uniform) - (Math.LN2 * Math.min(timestampMs, latestMs)) / halfLifeMs
}

/** Counts ages in 64ths of the half-life, because a sum of integer counts does not depend on their order. */
function sumOfWeights({ halfLifeMs, fewest, latestMs }: Decay) {
  const counts = new Map<number, number>()
  return {
    add: ({ timestampMs }: SampledPosition) => {
      const steps = Math.floor((AGE_STEPS * Math.min(timestampMs, latestMs)) / halfLifeMs)
      counts.set(steps, (counts.get(steps) ?? 0) + 1)
    },
    /** Number of records to keep. */
    count: () => {
      const ascending = [...counts].sort(([a], [b]) => a - b)
      const newest = ascending.at(-1)?.[0] ?? 0
      const total = ascending.reduce((sum, [steps, count]) => sum + count * 2 ** ((steps - newest) / AGE_STEPS), 0)
      return Math.max(fewest, Math.round(total))
    },
  }
}

const AGE_STEPS = 64

/** 32 bits; positions of equal priority are taken in order, which biases one record in millions. */
function priorityOf(topicHash: number, { partition, offset }: SampledPosition): number {
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
