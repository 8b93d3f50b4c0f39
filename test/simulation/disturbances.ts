import { SOURCE } from './feed.js'
import type { Plan } from './plan.js'
import type { Scheduler } from './scheduler.js'
import type { SimulatedBroker } from './simulated-broker.js'
import type { SimulatedPostgres } from './simulated-postgres.js'
import type { Supervised } from './supervisor.js'

interface Disturbed {
  readonly scheduler: Scheduler
  readonly plan: Plan
  readonly services: readonly Supervised[]
  readonly postgres: SimulatedPostgres
  readonly broker: SimulatedBroker
  /** Executes one action of an operator. */
  readonly operate: () => void
}

// Shorter and longer than the timeouts of a session, 10 s, and of a transaction and a statement, 30 s.
const PAUSES_MS = [500, 5_000, 12_000, 35_000, 70_000]
const OUTLASTS_TRANSACTION_MS = 35_000
const DELETED_MS = [0, 50, 500, 5_000]
const CLOCK_JUMPS_MS = [-3_600_000, -5_000, 5_000, 3_600_000]

/** Disturbs a world repeatedly, at random moments. @returns ends the disturbances and resumes paused processes */
export function disturb({ scheduler, plan, services, postgres, broker, operate }: Disturbed): () => void {
  const { random } = scheduler
  const { disturbedEveryMs } = plan
  const resumes = new Set<() => void>()
  let isOver = false
  const pause = ({ process }: Supervised, forMs?: number) => {
    if (process.isPaused || !process.isAlive) return
    scheduler.trace(scheduler.nowMs, process.name, 'is paused')
    process.isPaused = true
    const resume = () => {
      if (!resumes.delete(resume)) return
      scheduler.trace(scheduler.nowMs, process.name, 'goes on')
      scheduler.resume(process)
    }
    resumes.add(resume)
    scheduler.after(forMs ?? random.pick(PAUSES_MS), null, resume)
  }
  const deleteRecords = () => {
    const log = random.pick(broker.topics.get(SOURCE)!.partitions)
    log.deleteBefore(log.start + BigInt(random.below(20)))
    scheduler.trace(scheduler.nowMs, 'broker', `has deleted records before ${log.start}`)
  }
  const recreate = () => {
    if (broker.topics.get(SOURCE)!.isDeleted) return
    scheduler.trace(scheduler.nowMs, 'broker', 'deletes the source topic')
    broker.deleteTopic(SOURCE)
    const create = () => {
      if (!resumes.delete(create)) return
      scheduler.trace(scheduler.nowMs, 'broker', 'creates the source topic again')
      broker.createAgain(SOURCE)
    }
    resumes.add(create)
    scheduler.after(random.pick(DELETED_MS), null, create)
  }
  const kinds: (() => void)[] = [
    () => random.pick(services).kill(),
    () => random.pick(services).kill(),
    () => random.pick(services).stop(),
    () => pause(random.pick(services)),
    () => pause(random.pick(services)),
    () => {
      const { process } = random.pick(services)
      process.clockAheadMs = random.pick(CLOCK_JUMPS_MS)
      scheduler.trace(scheduler.nowMs, process.name, `has a clock that is ${process.clockAheadMs} ms ahead`)
    },
    ...(plan.hasOperator ? [operate, operate] : []),
    ...(plan.postgresCrashes ? [() => postgres.crash()] : []),
    ...(plan.hasRetention ? [deleteRecords] : []),
  ]
  const next = () => {
    if (disturbedEveryMs === null) return
    scheduler.after(1 + random.below(2 * disturbedEveryMs), null, () => {
      if (isOver) return
      random.pick(kinds)()
      next()
    })
  }
  next()
  if (plan.isRecreated)
    for (let left = random.between(1, 2); left > 0; left--) scheduler.after(random.below(plan.feedMs), null, recreate)
  const addPartition = () => {
    scheduler.trace(scheduler.nowMs, 'broker', 'adds a partition to the source topic')
    broker.addPartition(SOURCE)
  }
  for (let left = plan.addedPartitions; left > 0; left--) scheduler.after(random.below(plan.feedMs), null, addPartition)
  for (let left = plan.deletions; left > 0; left--) scheduler.after(random.below(plan.feedMs), null, deleteRecords)
  const outlastTransaction = () => {
    broker.transactions.onBegin = () => {
      broker.transactions.onBegin = () => {}
      for (const service of services) if (service.name.startsWith('relay')) pause(service, OUTLASTS_TRANSACTION_MS)
    }
  }
  if (plan.outlastsTransaction) scheduler.after(random.below(plan.feedMs / 4), null, outlastTransaction)
  return () => {
    isOver = true
    broker.transactions.onBegin = () => {}
    for (const resume of [...resumes]) resume()
  }
}
