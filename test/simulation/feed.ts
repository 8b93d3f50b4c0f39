import type { Random } from '../fuzz/random.js'
import type { PartitionLog } from './partition-log.js'
import type { Plan } from './plan.js'
import { EPOCH_MS, type Scheduler } from './scheduler.js'

export const SOURCE = 'flights'
export const KEYS = ['LAX', 'SFO', 'JFK']
/** Id of the producer that uses transactions; the broker assigns ids from 1 on. */
const PRODUCER_ID = 1_000_000

/** Produces the plan's records: most are normal, some are anomalies, some break their contract, some have no value. */
export function startFeed(scheduler: Scheduler, plan: Plan, partitions: readonly PartitionLog[]): void {
  const { random } = scheduler
  const sequences = new WeakMap<PartitionLog, number>()
  const atMs = Array.from({ length: plan.records }, () => random.below(plan.feedMs)).sort((a, b) => a - b)
  atMs.forEach((delayMs, id) => {
    scheduler.after(delayMs, null, () => {
      const place = random.below(partitions.length)
      const log = partitions[place]!
      const record = aRecord(random, id, scheduler.nowMs)
      if (!plan.hasTransactions || random.oneIn(2)) return log.append(record)
      const producerId = PRODUCER_ID + place
      const firstSequence = sequences.get(log) ?? 0
      log.appendBatch({ producerId, epoch: 0, firstSequence, isTransactional: true, records: [record] })
      sequences.set(log, firstSequence + 1)
      const marker = random.oneIn(3) ? 'abort' : 'commit'
      scheduler.after(random.pick([0, 5, 2_000]), null, () => {
        if (log.isOpen(producerId)) log.endTransaction(producerId, 0, marker)
      })
    })
  })
}

function aRecord(random: Random, id: number, timestampMs: number) {
  const key = random.pick(KEYS)
  const delay = random.oneIn(8) ? random.between(60, 150) / 10 : random.below(30) / 10
  const value = random.oneIn(12)
    ? random.pick([null, '{', JSON.stringify({ id, delay: 'late' })])
    : JSON.stringify({ id, delay })
  return {
    timestampMs: random.oneIn(10) ? EPOCH_MS : timestampMs,
    key: random.oneIn(10) ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: random.oneIn(5) ? { trace: Buffer.from(String(id)) } : {},
  }
}

/** NaN if the record breaks its contract. */
export function delayOf({ value }: { readonly value: Buffer | null }): number {
  try {
    const { delay } = JSON.parse(String(value))
    return typeof delay === 'number' ? delay : Number.NaN
  } catch {
    return Number.NaN
  }
}
