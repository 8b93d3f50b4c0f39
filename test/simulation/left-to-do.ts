import { PROVISIONAL_ROWS } from '../../services/trainer/src/window/fewest-rows.js'
import { delayOf, SOURCE } from './feed.js'
import type { PartitionLog } from './partition-log.js'
import type { Plan } from './plan.js'
import type { SimulatedBroker } from './simulated-broker.js'
import { unpromotedCandidates } from './simulated-models.js'
import type { SimulatedPostgres } from './simulated-postgres.js'
import type { ModelRow } from './tables.js'

/** Work that the services have not finished; empty when all is done. */
export function leftToDo(
  { tables }: SimulatedPostgres,
  broker: SimulatedBroker,
  { trainers, leastRows, hasOperator }: Plan,
): readonly string[] {
  const { outbox, buckets, offsets, fits, models, requests, shadowStatistics } = tables
  const { id, partitions } = broker.topics.get(SOURCE)!
  const unread = partitions.filter((log, at) => {
    const row = offsets.get(`${SOURCE}/${at}`)
    const stored = row?.topicId === id ? row.nextOffset : -1n
    return stored < log.end
  })
  const good = goodRecords(partitions)
  const mayFit = good >= Math.min(PROVISIONAL_ROWS, leastRows)
  const isProvisional = [...models.values()].some(({ state, metadata }) => state === 'active' && metadata.provisional)
  const waiting = [...requests.values()].filter(({ fitId }) => fitId === null)
  const hasScored = (id: string) => [...shadowStatistics.values()].some(({ shadowId }) => shadowId === id)
  const left: readonly (readonly [string, number])[] = [
    // Without a model nothing is scored, and too few records allow no fit.
    ['partitions are not read', models.size > 0 || mayFit ? unread.length : 0],
    ['messages are not sent', outbox.size],
    ['groups of alerts are not sent', [...buckets.values()].filter(({ count }) => count > 0).length],
    ['fits run', [...fits.values()].filter(({ state }) => state === 'running').length],
    // One without records waits for the next fit by the schedule, which comes an hour later to a trainer whose clock is an hour behind.
    ['shadows with records run', [...models.values()].filter((model) => isShadow(model) && hasScored(model.id)).length],
    ['candidates of a stopped trainer are not adopted', unpromotedCandidates(tables).length],
    ['requests for a model are not answered', trainers > 0 && waiting.length > 0 && mayFit ? waiting.length : 0],
    // An operator can roll a full model back to a provisional one.
    ['provisional models are active', isProvisional && !hasOperator && good >= MANY * leastRows ? 1 : 0],
  ]
  return left.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`)
}

/** Factor on the records of a full model: the trainer estimates from an earlier window how many records are good. */
const MANY = 1.2

const isShadow = ({ state, shadowSince }: ModelRow) => state === 'candidate' && shadowSince !== null

function goodRecords(partitions: readonly PartitionLog[]): number {
  return partitions.flatMap((log) =>
    log.committed().filter((record) => record.offset >= log.start && !Number.isNaN(delayOf(record))),
  ).length
}
