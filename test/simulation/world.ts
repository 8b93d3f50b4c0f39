import { parseConfig } from '@outflow/contracts'
import { holdCoordinators } from '../../libs/streams/src/kafkajs-internals/coordinators.js'
import { randomOf } from '../fuzz/random.js'
import { disturb } from './disturbances.js'
import { SOURCE, startFeed } from './feed.js'
import { finalViolations, watchCommits } from './invariants.js'
import { makePlan, type Plan } from './plan.js'
import { Scheduler, type Trace } from './scheduler.js'
import { runIngest, runRelay, type Surroundings } from './services.js'
import { SimulatedBroker } from './simulated-broker.js'
import { SimulatedPostgres } from './simulated-postgres.js'
import { replaceRuntime } from './simulated-runtime.js'
import { DATABASE_ID } from './simulated-statements.js'
import { supervise } from './supervisor.js'

/** What a seed came to. */
export interface Outcome {
  readonly seed: number
  /** Promises of the product that were broken; the same seed breaks the same. */
  readonly violations: readonly string[]
  readonly events: number
  readonly records: number
}

const PIPELINE = 'flights'
const CRASHED_COMMIT = 40
// After the faults have ended everything is done within this time, or never.
const CALM_MS = 600_000
// The longest that a stop may take: ten seconds are promised, and requests that were on their way may take a minute.
const STOP_MS = 90_000
// The timeout of a transaction, and a little more.
const TRANSACTION_MS = 40_000

/** Runs the world of a seed: a time with faults, a time without in which all is to be done, and a gentle stop. */
export async function runSeed(seed: number, trace: Trace = () => {}): Promise<Outcome> {
  const random = randomOf(seed, 'simulation', 0)
  const scheduler = new Scheduler(random, trace)
  const plan = makePlan(random)
  trace(scheduler.nowMs, 'world', JSON.stringify(plan))
  const restore = replaceRuntime(scheduler)
  const violations: string[] = []
  try {
    await runWorld(scheduler, plan, (what) => {
      trace(scheduler.nowMs, 'world', `VIOLATION: ${what}`)
      violations.push(what)
    })
  } finally {
    restore()
    // A killed relay leaves them held, for all of this process.
    holdCoordinators([`outflow-relay-${PIPELINE}-${DATABASE_ID}`])()
  }
  return { seed, violations, events: scheduler.events, records: plan.records }
}

async function runWorld(scheduler: Scheduler, plan: Plan, violated: (what: string) => void): Promise<void> {
  const kafkaFaults = { ...plan.kafka }
  const postgresFaults = { ...plan.postgres }
  const refused = { oneIn: plan.refusedWrites }
  const crashesAfterCommit = { oneIn: CRASHED_COMMIT }
  const broker = new SimulatedBroker(scheduler, plan)
  const postgres = new SimulatedPostgres({
    scheduler,
    faults: postgresFaults,
    refused,
    crashes: plan.postgresCrashes,
    crashesAfterCommit,
  })
  broker.createTopic(SOURCE, plan.partitions)
  const partitions = broker.topics.get(SOURCE)!.partitions
  let activeModel = 'model-1'
  const surroundings: Surroundings = {
    ...{ scheduler, broker, kafkaFaults, postgres, violated, onModelChange: new Set() },
    config: configOf(plan),
    activeModel: () => activeModel,
  }
  const promote = (modelId: string) => {
    activeModel = modelId
    for (const serve of surroundings.onModelChange) serve(modelId)
  }
  watchCommits(postgres, partitions, violated)
  startFeed(scheduler, plan, partitions)
  const services = [
    ...Array.from({ length: plan.ingests }, (_, at) => supervise(surroundings, `ingest-${at + 1}`, runIngest)),
    ...Array.from({ length: plan.relays }, (_, at) => supervise(surroundings, `relay-${at + 1}`, runRelay)),
  ]
  const endDisturbances = disturb({ scheduler, plan, services, postgres, partitions, promote })

  let isCalm = false
  scheduler.after(plan.feedMs, null, () => {
    isCalm = true
  })
  await scheduler.run(() => isCalm)
  scheduler.trace(scheduler.nowMs, 'world', 'is calm from now on')
  endDisturbances()
  for (const faults of [kafkaFaults, postgresFaults]) Object.assign(faults, { late: 0, requestLost: 0, answerLost: 0 })
  refused.oneIn = 0
  crashesAfterCommit.oneIn = 0

  const isDone = () =>
    postgres.tables.outbox.size === 0 &&
    [...postgres.tables.buckets.values()].every(({ count }) => count === 0) &&
    partitions.every((log, at) => {
      const stored = postgres.tables.offsets.get(`${SOURCE}/${at}`)?.nextOffset ?? -1n
      // Ends of transactions, and what they aborted, move the offset with the next record.
      return log.stableEnd === log.end && log.committed().every(({ offset }) => offset < stored || offset < log.start)
    })
  const untilMs = scheduler.nowMs + CALM_MS
  await scheduler.run(() => isDone() || scheduler.nowMs > untilMs)
  if (!isDone()) violated('not all was done after the faults had ended')

  const stopByMs = scheduler.nowMs + STOP_MS
  for (const service of services) service.stopForGood()
  await scheduler.run(() => services.every(({ isRunning }) => !isRunning) || scheduler.nowMs > stopByMs)
  for (const { name, isRunning } of services) if (isRunning) violated(`${name} does not stop`)
  // The broker writes the marker of a commit to each partition a little later.
  const endsByMs = scheduler.nowMs + TRANSACTION_MS
  await scheduler.run(() => broker.transactions.open === 0 || scheduler.nowMs > endsByMs)
  for (const what of finalViolations({ broker, postgres, plan })) violated(what)
}

function configOf({ detection, hasWindows, hasGrouping, tombstones }: Plan) {
  return parseConfig(
    {
      pipeline: PIPELINE,
      kafka: { brokers: ['simulated:9092'] },
      postgres: { url: 'postgres://simulated/outflow' },
      source: { topics: [SOURCE], format: 'json', from: 'earliest', tombstones },
      features: [
        { path: '$.delay', type: 'numeric' },
        ...(hasWindows ? [{ type: 'window', name: 'count', aggregate: 'count', over: '1d' }] : []),
      ],
      detection,
      alerts: { topic: 'flights.alerts', ...(hasGrouping && { grouping: { bucket: '5s', perKey: 1 } }) },
      deadLetters: { topic: 'flights.dead' },
    },
    {},
  )
}
