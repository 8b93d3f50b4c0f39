/**
 * Measures the cost of windowed features: `npm run bench:windows -- --json`.
 *
 * Protocol: a million records of a thousand entities, a tenth of a second apart, in batches of 1,000, processed as in
 * ingest: read the inputs of the windows, look up entities that are not in memory, count, encode the changed states. No Kafka
 * and no Postgres; the states would be rows of the batch's transaction. The baseline only reads the record's own fields.
 */
import { parseArgs } from 'node:util'
import { type Feature, featureSchema } from '@outflow/contracts'
import { makeObservationReader, makeReader, makeWindowStates, type Observation, planWindows } from '@outflow/records'
import { makeChance } from '../support/parcels.js'

const RECORDS = 1_000_000
const BATCH = 1_000
const BYTES = 1024 ** 3

const AGGREGATES = ['count', 'sum', 'mean', 'std', 'min', 'max', 'ratio_to_mean', 'since_last', 'distinct'] as const

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const read = makeReader([
  { path: '$.amount', type: 'numeric', optional: false },
  { path: '$.kind', type: 'categorical', optional: false },
])
const chance = makeChance(1)
const values = Array.from({ length: 4_096 }, () => ({ amount: 100 * chance.factor(), kind: `k${chance.below(20)}` }))

const rows = [
  measure('no window', [], 1_000),
  measure('count over 1h', [window('count', '1h')], 1_000),
  measure('ratio_to_mean over 1h', [window('ratio_to_mean', '1h')], 1_000),
  measure(
    'three over 1h',
    ['count', 'ratio_to_mean', 'since_last'].map((name) => window(name, '1h')),
    1_000,
  ),
  measure(
    'all nine over 1h',
    AGGREGATES.map((name) => window(name, '1h')),
    1_000,
  ),
  measure(
    'all nine over 1h',
    AGGREGATES.map((name) => window(name, '1h')),
    100_000,
  ),
  measure(
    'all nine over 7d',
    AGGREGATES.map((name) => window(name, '7d')),
    1_000,
  ),
]
if (options.json) console.log(JSON.stringify({ records: RECORDS, rows }))
else console.table(rows)

function window(aggregate: string, over: string): Feature {
  const of =
    aggregate === 'count' || aggregate === 'since_last' ? {} : { of: aggregate === 'distinct' ? '$.kind' : '$.amount' }
  return featureSchema.parse({ type: 'window', name: `${aggregate}_${over}`, aggregate, over, ...of })
}

/** Microseconds of CPU per record, including garbage collection, and the bytes of states that a batch would write. */
function measure(what: string, features: readonly Feature[], entities: number) {
  const plan = planWindows(features)
  const readObservation = plan && makeObservationReader(plan)
  const states = plan && makeWindowStates(plan, { maxBytes: BYTES })
  const keys = Array.from({ length: entities }, (_, index) => Buffer.from(`entity-${index}`))
  const draws = makeChance(2)
  let written = 0
  const begin = process.cpuUsage()
  for (let from = 0; from < RECORDS; from += BATCH) {
    const observations: Observation[] = []
    for (let index = from; index < from + BATCH; index += 1) {
      const record = values[index % values.length]
      read(record)
      const message = { key: keys[draws.below(entities)]!, timestampMs: index * 100 }
      const observation = readObservation?.(record, message)
      if (observation !== undefined && observation !== null && !('reason' in observation))
        observations.push(observation)
    }
    if (states === null) continue
    states.absent(observations)
    for (const observation of observations) states.observe(observation)
    written += states.changed().reduce((sum, { state }) => sum + state.length, 0)
    states.settle()
  }
  const { user, system } = process.cpuUsage(begin)
  const microseconds = (user + system) / RECORDS
  return {
    windows: what,
    entities,
    microsecondsARecord: Number(microseconds.toFixed(2)),
    bytesOfStatesARecord: Math.round(written / RECORDS),
  }
}
