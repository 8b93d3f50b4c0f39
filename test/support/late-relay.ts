import { setTimeout as sleep } from 'node:timers/promises'
import { openPool } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { beginPartition, NO_ROWS } from './begin-partition.js'
import { configWith } from './config-with.js'
import type { Fault, RequestKind } from './late-broker.js'
import { untilOutboxIsEmpty } from './outbox.js'
import { makeChance } from './parcels.js'
import { startRelay } from './relay.js'

// Longer than the timeouts of a transaction, 30 s, and of a request.
export const PAST_TRANSACTION_MS = 35_000

interface FaultOptions {
  /** One in this many requests has a fault. */
  readonly oneIn: number
  readonly longestMs: number
  /** Also repeats requests that neither TCP nor kafkajs repeats within one epoch of a producer. Default: false. */
  readonly repeatsAll?: boolean
}

/** If one of these is not answered, kafkajs discards the producer. The next one has another epoch, so the broker rejects a late repetition. */
const NEVER_REPEATED: ReadonlySet<RequestKind> = new Set(['EndTxn', 'AddOffsetsToTxn', 'TxnOffsetCommit'])

/** Faults of requests, chosen by a seed, until `end` is called. */
export function makeFaults(seed: number, { oneIn, longestMs, repeatsAll = false }: FaultOptions) {
  const chance = makeChance(seed)
  let isOver = false
  const pick = <T>(from: readonly T[]): T => from[chance.below(from.length)]!
  return {
    next: (request: RequestKind): Fault | null => {
      if (isOver || chance.below(oneIn) > 0) return null
      const ms = pick([20, 20, 200, 200, 200, 1_000, 1_000, 3_000, 3_000, longestMs])
      const kind = pick(['late request', 'late answer', 'repeated', 'stray', 'lost request', 'lost answer'] as const)
      return kind === 'repeated' && !repeatsAll && NEVER_REPEATED.has(request) ? null : { kind, ms }
    },
    end: (): void => {
      isOver = true
    },
  }
}

interface RelayedOptions {
  readonly pipeline: string
  readonly brokers: readonly string[]
  readonly topics: { readonly source: string; readonly alerts: string; readonly deadLetters: string }
  readonly url: string
  readonly seed: number
  readonly faults: ReturnType<typeof makeFaults>
}

const MESSAGES = 150

/** Queues messages one after another while a relay sends them, ends the faults, and waits until all are sent. @returns the messages */
export async function relayMessages({
  pipeline,
  brokers,
  topics,
  url,
  seed,
  faults,
}: RelayedOptions): Promise<readonly string[]> {
  const { source, alerts, deadLetters } = topics
  const config = configWith({
    pipeline,
    kafka: { brokers },
    postgres: { url },
    source: { topics: [source] },
    features: [{ path: '$.load', type: 'numeric' }],
    alerts: { topic: alerts },
    deadLetters: { topic: deadLetters },
  })
  const pool = openPool(url)
  const relay = startRelay(config)
  const chance = makeChance(seed)
  await beginPartition(pool, { pipeline, topic: source })
  for (let offset = 0n; offset < MESSAGES; offset += 1n) {
    const payload = Buffer.from(String(offset))
    await writeBatch(pool, {
      ...{ ...NO_ROWS, pipeline, topic: source, partition: 0, expectedOffset: offset, nextOffset: offset + 1n },
      outbox: [{ kind: 'dead_letter', topic: deadLetters, key: Buffer.from('k'), payload, headers: [] }],
    })
    await sleep(chance.below(500))
  }
  faults.end()
  await untilOutboxIsEmpty(pool)
  await relay.stop()
  await pool.end()
  return Array.from({ length: MESSAGES }, (_, at) => String(at))
}

/** Sums the counts by name. */
export function tally(counted: readonly (readonly [string, number])[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const [what, count] of counted) total[what] = (total[what] ?? 0) + count
  return total
}
