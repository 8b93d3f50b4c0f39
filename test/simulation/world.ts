import { createHash } from 'node:crypto'
import { holdCoordinators } from '../../libs/streams/src/kafkajs-internals/coordinators.js'
import { randomOf } from '../fuzz/random.js'
import { aGateReport } from '../support/reports.js'
import { disturb } from './disturbances.js'
import { SOURCE, startFeed } from './feed.js'
import { fixedModel } from './fixed-model.js'
import { finalViolations, watchCommits } from './invariants.js'
import { leftToDo } from './left-to-do.js'
import { operate } from './operator.js'
import { configOf, PIPELINE } from './pipeline-config.js'
import { makePlan, type Plan } from './plan.js'
import { runIngest } from './run-ingest.js'
import { runRelay } from './run-relay.js'
import { runTrainer } from './run-trainer.js'
import { EPOCH_MS, Scheduler, type Trace } from './scheduler.js'
import type { Surroundings } from './services.js'
import { SimulatedBroker } from './simulated-broker.js'
import { MODEL_STATEMENTS } from './simulated-models.js'
import { SimulatedPostgres } from './simulated-postgres.js'
import { replaceRuntime } from './simulated-runtime.js'
import { DATABASE_ID } from './simulated-statements.js'
import { supervise } from './supervisor.js'
import { trainingViolations, watchModels } from './training-invariants.js'

/** Result of a seed. */
interface Outcome {
  /** Broken promises of the product, the same in every run of the seed. */
  readonly violations: readonly string[]
  readonly events: number
  readonly records: number
}

const CRASHED_COMMIT = 40
// Everything must be done within this time after the faults.
const CALM_MS = 600_000
const LOOK_EVERY_MS = 200
// Maximum duration of a stop: the promised 10 s, and up to a minute for requests in flight.
const STOP_MS = 90_000
// Longer than the timeout of a transaction, 30 s, and than a request of a killed process is on its way, a minute.
const SERVERS_MS = 70_000

/** Runs the world of a seed: a time with faults, a time without faults in which all work is finished, and a gentle stop. */
export async function runSeed(seed: number, trace: Trace = () => {}): Promise<Outcome> {
  const random = randomOf(seed, 'simulation', 0)
  const scheduler = new Scheduler(random, trace)
  const plan = makePlan(random, seed)
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
    // A killed relay leaves them held for the whole process.
    holdCoordinators([`outflow-relay-${PIPELINE}-${DATABASE_ID}`])()
  }
  return { violations, events: scheduler.events, records: plan.records }
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
  const fits = { poorOneIn: plan.poorOneIn, failsOneIn: plan.fitsFailOneIn }
  const surroundings: Surroundings = {
    ...{ scheduler, broker, kafkaFaults, postgres, fits, violated, config: configOf(plan) },
  }
  if (plan.hasModel) storeFirstModel(surroundings)
  watchCommits({ broker, postgres }, violated)
  watchModels(postgres, violated)
  startFeed(scheduler, plan, partitions)
  const services = [
    ...Array.from({ length: plan.ingests }, (_, at) => supervise(surroundings, `ingest-${at + 1}`, runIngest)),
    ...Array.from({ length: plan.relays }, (_, at) => supervise(surroundings, `relay-${at + 1}`, runRelay)),
    ...Array.from({ length: plan.trainers }, (_, at) => supervise(surroundings, `trainer-${at + 1}`, runTrainer)),
  ]
  const endDisturbances = disturb({
    ...{ scheduler, plan, services, postgres, broker },
    operate: () => operate(surroundings, plan),
  })

  let isCalm = false
  scheduler.after(plan.feedMs, null, () => {
    isCalm = true
  })
  await scheduler.run(() => isCalm)
  scheduler.trace(scheduler.nowMs, 'world', 'is calm from now on')
  endDisturbances()
  for (const faults of [kafkaFaults, postgresFaults]) Object.assign(faults, { late: 0, requestLost: 0, answerLost: 0 })
  refused.oneIn = 0
  fits.failsOneIn = 0
  crashesAfterCommit.oneIn = 0

  const left = () => leftToDo(postgres, broker, plan)
  const untilMs = scheduler.nowMs + CALM_MS
  // Not after every event: the check takes longer than an event.
  let lookMs = 0
  await scheduler.run(() => {
    if (scheduler.nowMs < lookMs) return false
    lookMs = scheduler.nowMs + LOOK_EVERY_MS
    return scheduler.nowMs > untilMs || left().length === 0
  })
  if (left().length > 0) violated(`after the faults had ended, ${left().join(', ')}`)

  const stopByMs = scheduler.nowMs + STOP_MS
  for (const service of services) service.stopForGood()
  await scheduler.run(() => services.every(({ isRunning }) => !isRunning) || scheduler.nowMs > stopByMs)
  for (const { name, isRunning } of services) if (isRunning) violated(`${name} does not stop`)
  // The broker writes the marker of a commit to each partition a little later; a session ends after its last request.
  const endsByMs = scheduler.nowMs + SERVERS_MS
  const isQuiet = () => broker.transactions.open === 0 && postgres.sessions.size === 0
  await scheduler.run(() => isQuiet() || scheduler.nowMs > endsByMs)
  for (const what of [...finalViolations({ broker, postgres, plan }), ...trainingViolations(postgres)]) violated(what)
}

function storeFirstModel({ postgres, config }: Surroundings): void {
  const { artefact, metadata } = fixedModel(config.features, createHash('sha256').digest())
  const id = metadata.modelId
  const now = { nowMs: EPOCH_MS, notify: () => {} }
  const values = [
    PIPELINE,
    id,
    artefact,
    createHash('sha256').update(artefact).digest(),
    JSON.stringify(metadata),
    JSON.stringify(aGateReport()),
    null,
  ]
  MODEL_STATEMENTS.insert_model!(postgres.tables, values as never[], now as never)
  MODEL_STATEMENTS.activate_model!(postgres.tables, values as never[], now as never)
  postgres.flush()
}
