import { strangestAnomalies } from '@outflow/store/anomalies'
import { partitionCounters } from '@outflow/store/batch'
import type { DemoStage } from './demo-stage.js'
import type { DemoView } from './demo-view.js'
import type { ReplayPlan } from './replay-plan.js'
import { waitFor } from './wait-for.js'

/** The demo at work: what is sent, where, and who shows it. */
export interface Play {
  readonly plan: ReplayPlan
  readonly stage: DemoStage
  readonly view: DemoView
}

/** What the pipeline has done so far, over all partitions. */
export interface Counters {
  readonly received: number
  readonly scored: number
  readonly anomalies: number
  readonly alerts: number
}

/** Looked and drawn again so often, ms: fast enough to look alive, slow enough to cost the database nothing. */
export const LOOK_MS = 250

/** Rows of the table: it stands below four bars on a terminal of 24 lines. */
export const STRANGEST = 10

export const sizeOf = ({ backlog, steady }: ReplayPlan): number => backlog.length + steady.length

/**
 * Waits until so many messages were received, and meanwhile shows how many, and the strangest of them.
 *
 * @throws the signal's reason when it aborts
 */
export function watchScoring({ plan, stage, view }: Play, messages: number, signal: AbortSignal): Promise<Counters> {
  const { pool, config } = stage
  const { pipeline } = config
  const look = async (): Promise<Counters | null> => {
    const counters = sumUp(await partitionCounters(pool, pipeline))
    const { received, anomalies } = counters
    const detail = `${anomalies} anomalies`
    view.show({ label: 'score', done: received, total: sizeOf(plan), unit: 'messages', detail })
    view.strangest(await strangestAnomalies(pool, { pipeline, limit: STRANGEST }))
    return received >= messages ? counters : null
  }
  return waitFor(look, LOOK_MS, signal)
}

function sumUp(partitions: readonly Counters[]): Counters {
  return partitions.reduce<Counters>(
    (sum, { received, scored, anomalies, alerts }) => ({
      received: sum.received + received,
      scored: sum.scored + scored,
      anomalies: sum.anomalies + anomalies,
      alerts: sum.alerts + alerts,
    }),
    { received: 0, scored: 0, anomalies: 0, alerts: 0 },
  )
}
