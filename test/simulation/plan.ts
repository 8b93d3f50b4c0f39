import type { Random } from '../fuzz/random.js'
import type { NetworkFaults } from './network.js'

/** What a seed decides before its world begins; the rest it decides as the world goes on. */
export interface Plan {
  readonly partitions: number
  /** Records that are produced. */
  readonly records: number
  /** In how long they are produced. */
  readonly feedMs: number
  readonly ingests: number
  readonly relays: number
  readonly detection: { readonly alertRate: number } | { readonly fdr: number }
  readonly hasWindows: boolean
  readonly tombstones: 'skip' | 'reject'
  /** Whether alerts of a key are gathered. */
  readonly hasGrouping: boolean
  /** Source records that arrive in transactions, of which some are aborted. */
  readonly hasTransactions: boolean
  readonly hasRetention: boolean
  readonly fetchRecords: number
  readonly verifiesPartitions: boolean
  readonly kafka: NetworkFaults
  readonly postgres: NetworkFaults
  readonly refusedWrites: number
  readonly postgresCrashes: boolean
  /** How long the world goes between two disturbances on average; null: there are none. */
  readonly disturbedEveryMs: number | null
}

export function makePlan(random: Random): Plan {
  const network = (): NetworkFaults => ({
    late: random.pick([0, 0, 20, 100]),
    requestLost: random.pick([0, 0, 50, 200]),
    answerLost: random.pick([0, 0, 50, 200]),
  })
  return {
    partitions: random.between(1, 3),
    records: random.between(20, 120),
    feedMs: random.pick([3_000, 15_000, 60_000]),
    ingests: random.between(1, 3),
    relays: random.between(1, 2),
    detection: random.oneIn(2) ? { fdr: 0.1 } : { alertRate: 0.01 },
    hasWindows: random.oneIn(2),
    tombstones: random.pick(['skip', 'reject']),
    hasGrouping: random.oneIn(3),
    hasTransactions: random.oneIn(3),
    hasRetention: random.oneIn(6),
    fetchRecords: random.pick([1, 4, 20]),
    verifiesPartitions: true,
    kafka: network(),
    postgres: network(),
    refusedWrites: random.pick([0, 0, 30]),
    postgresCrashes: random.oneIn(3),
    disturbedEveryMs: random.pick([null, 1_000, 5_000, 20_000]),
  }
}
