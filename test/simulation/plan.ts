import type { Random } from '../fuzz/random.js'
import type { NetworkFaults } from './network.js'
import { CODEC_NAMES, type Codec } from './record-batches.js'

/** Choices of a seed before its world begins. It makes further choices during the run. */
export interface Plan {
  readonly partitions: number
  /** Number of produced records. */
  readonly records: number
  /** Time in which they are produced. */
  readonly feedMs: number
  readonly ingests: number
  readonly relays: number
  readonly trainers: number
  /** Whether a model is active at the start. */
  readonly hasModel: boolean
  /** Number of good records of a full model. */
  readonly leastRows: number
  /** Whether anomalies of provisional models are alerted. */
  readonly alertsOfProvisional: boolean
  /** Time that a candidate runs as a shadow; 0: it is promoted at once. */
  readonly shadowMs: number
  /** One in this many candidates is poor; 0: none. */
  readonly poorOneIn: number
  /** One in this many fits fails while there are faults; 0: none. */
  readonly fitsFailOneIn: number
  readonly detection: { readonly alertRate: number } | { readonly fdr: number }
  readonly hasWindows: boolean
  readonly tombstones: 'skip' | 'reject'
  /** Whether alerts of a key are grouped. */
  readonly hasGrouping: boolean
  readonly hasCooldown: boolean
  /** Whether quiet hours last until two minutes after the beginning. */
  readonly hasQuietHours: boolean
  /** Whether an operator requests models, promotes, rolls back, recalibrates and sets rules. */
  readonly hasOperator: boolean
  /** Whether source records arrive in transactions, some of which are aborted. */
  readonly hasTransactions: boolean
  readonly hasRetention: boolean
  /** Whether the source topic is deleted and created again. */
  readonly isRecreated: boolean
  /** Number of partitions that are added to the source topic. */
  readonly addedPartitions: number
  /** How often retention deletes records, besides the disturbances. */
  readonly deletions: number
  /** Whether all relays are paused in a transaction until the broker aborts it. */
  readonly outlastsTransaction: boolean
  /** Maximum records per partition in a fetch response. */
  readonly fetchRecords: number
  /** Codec by which the broker compresses batches; null: none. */
  readonly codec: Codec | null
  readonly kafka: NetworkFaults
  readonly postgres: NetworkFaults
  readonly refusedWrites: number
  readonly postgresCrashes: boolean
  /** Mean time between two disturbances; null: there are none. */
  readonly disturbedEveryMs: number | null
}

/**
 * Each of eight in sixteen seeds adds one feature: a provisional model, compression, a topic that is created again, or one that gets more
 * partitions. Every 32nd seed adds retention and a transaction that times out.
 */
export function makePlan(random: Random, seed: number): Plan {
  const plan = anyPlan(random)
  if (seed % 32 === 0) {
    return {
      ...plan,
      ...{ hasModel: true, feedMs: 60_000, deletions: random.between(2, 4), outlastsTransaction: true },
    }
  }
  switch (seed % 16) {
    case 1:
    case 8:
      return { ...plan, addedPartitions: random.between(1, 2) }
    case 2:
    case 10:
      return {
        ...plan,
        ...{ trainers: Math.max(1, plan.trainers), hasModel: false, poorOneIn: 0, hasRetention: false },
        // A provisional model requires 200 good records for a minute. In most worlds the feed later has enough for a full one.
        ...{ records: random.between(320, 420), feedMs: random.pick([480_000, 720_000]) },
        leastRows: random.pick([260, 300]),
        // More frequent disturbances could repeat this minute for each new leader.
        disturbedEveryMs: random.pick([null, 15_000, 40_000]),
        alertsOfProvisional: random.oneIn(2),
      }
    case 3:
    case 11:
      return { ...plan, codec: CODEC_NAMES[Math.floor(seed / 8) % CODEC_NAMES.length]! }
    case 7:
    case 15:
      return {
        ...plan,
        // Alerts that are not sent individually are stored by position, and the new topic repeats positions.
        ...{ hasGrouping: false, hasCooldown: false, hasQuietHours: false, hasOperator: false },
        ...{ trainers: 0, hasModel: true, isRecreated: true },
      }
    default:
      return plan
  }
}

/** Minimum of the configuration; so low that no model is provisional. */
const LEAST_ROWS = 50

function anyPlan(random: Random): Plan {
  const network = (): NetworkFaults => ({
    late: random.pick([0, 0, 20, 100]),
    requestLost: random.pick([0, 0, 50, 200]),
    answerLost: random.pick([0, 0, 50, 200]),
  })
  const trainers = random.pick([0, 0, 1, 2])
  const hasModel = trainers === 0 || random.oneIn(2)
  const hasRetention = random.oneIn(6)
  return {
    ...{ trainers, hasModel: hasModel || hasRetention, shadowMs: random.pick([0, 0, 5_000, 30_000]) },
    // If a first model fails its gate, each retry fits it to the same records.
    ...{ poorOneIn: hasModel ? 4 : 0, fitsFailOneIn: random.pick([0, 4]) },
    partitions: random.between(1, 3),
    ...{ leastRows: LEAST_ROWS, alertsOfProvisional: false },
    records: trainers === 0 ? random.between(20, 120) : random.between(80, 140),
    feedMs: random.pick([3_000, 15_000, 60_000]),
    ingests: random.between(1, 3),
    relays: random.between(1, 2),
    detection: random.oneIn(2) ? { fdr: 0.1 } : { alertRate: 0.01 },
    hasWindows: random.oneIn(2),
    tombstones: random.pick(['skip', 'reject']),
    hasGrouping: random.oneIn(3),
    hasCooldown: random.oneIn(6),
    hasQuietHours: random.oneIn(6),
    hasOperator: random.oneIn(2),
    hasTransactions: random.oneIn(3),
    hasRetention,
    ...{ isRecreated: false, addedPartitions: 0, deletions: 0, outlastsTransaction: false },
    fetchRecords: random.pick([1, 4, 20]),
    codec: null,
    kafka: network(),
    postgres: network(),
    refusedWrites: random.pick([0, 0, 30]),
    postgresCrashes: random.oneIn(3),
    disturbedEveryMs: random.pick([null, 1_000, 5_000, 20_000]),
  }
}
