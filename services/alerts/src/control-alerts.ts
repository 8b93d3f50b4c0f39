import { bucketsOf, controlOf, makeDecider } from '@outflow/alerting'
import type { AlertBucket, Config } from '@outflow/contracts'
import { type Client, inTransaction } from '@outflow/store'
import {
  alertBuckets,
  claimOutboxOrder,
  numberInOrder,
  unnumberedRows,
  updateAlertBuckets,
  withholdAlerts,
} from '@outflow/store/outbox'
import { listSuppressions } from '@outflow/store/suppressions'
import { type AlertDecisions, decideOn, waitingOf } from './alert-decisions.js'
import { REASONS_WAIT_MS, withReasons } from './explaining/with-reasons.js'
import type { AlertsTelemetry } from './telemetry.js'

/** Rows that are decided on in one transaction. */
const MAX_ROWS = 500
const MAX_BYTES = 8 * 1024 ** 2
/**
 * Alerts are as old as the begin of their transaction: of a bucket that has just ended, one may not be committed yet, or wait for its
 * reasons.
 */
const COMMIT_MS = 1_000 + REASONS_WAIT_MS

export interface AlertControlDeps {
  /** The leader's own connection: with the lead goes what was not committed. */
  readonly client: Client
  readonly config: Pick<Config, 'pipeline' | 'alerts'>
  readonly telemetry: Pick<AlertsTelemetry, 'alertsDecided'>
}

/** Whether outflow.yaml has alerts decided on; a stored rule may want it too, or a bucket that is open. */
export function controlsAlerts({ alerts }: Pick<Config, 'alerts'>): boolean {
  return (alerts.grouping ?? alerts.cooldown ?? alerts.quietHours) !== undefined
}

/**
 * Decides on the alerts that have no place in the order of sending yet. What is sent singly is numbered, and so is all that is
 * no alert; what does not leaves the outbox and is noted with the reason; groups whose bucket has ended get a place of their own.
 *
 * All of a transaction, or nothing: a crash repeats no decision and loses none. What is decided follows from the alerts'
 * order and their times of commit, not from when the relay looks.
 */
export async function controlAlerts(deps: AlertControlDeps): Promise<void> {
  for (;;) {
    const decided = await inTransaction(deps.client, () => controlSome(deps))
    deps.telemetry.alertsDecided(decided)
    if (decided.areAll || decided.order.length > 0) return
  }
}

async function controlSome({
  client,
  config: { pipeline, alerts },
}: AlertControlDeps): Promise<AlertDecisions & { readonly areAll: boolean }> {
  const now = await claimOutboxOrder(client, pipeline)
  const { rows, areAll } = await unnumberedRows(client, {
    pipeline,
    limit: MAX_ROWS,
    maxBytes: MAX_BYTES,
    reasonsWaitMs: REASONS_WAIT_MS,
  })
  const waiting = (await withReasons(client, pipeline, rows)).map(waitingOf)
  const found = waiting.flatMap(({ alert }) => alert ?? [])
  const before = await alertBuckets(client, { pipeline, dueBy: now, named: found.flatMap(bucketsOf) })
  const oldestMs = Math.min(now.getTime(), ...found.map(({ detectedAtMs }) => detectedAtMs))
  const rules = await listSuppressions(client, { pipeline, notExpired: new Date(oldestMs) })
  const decider = makeDecider(controlOf(alerts, rules.toReversed()), before)
  const decided = decideOn(waiting, decider, {
    pipeline,
    topic: alerts.topic,
    // While others wait, an end that has come may not have come for them.
    untilMs: areAll ? now.getTime() - COMMIT_MS : Number.NEGATIVE_INFINITY,
  })
  await withholdAlerts(client, pipeline, decided.unsent)
  await numberInOrder(client, pipeline, decided.order)
  await updateAlertBuckets(client, pipeline, changes(before, decider.open()))
  return { ...decided, areAll }
}

/** What is to be deleted, and what is to be written, so that the stored buckets are those that are open. */
function changes(before: readonly AlertBucket[], open: readonly AlertBucket[]) {
  const known = new Set(before)
  const names = new Set(open.map(nameOf))
  return {
    closed: before.filter((bucket) => !names.has(nameOf(bucket))),
    open: open.filter((bucket) => !known.has(bucket)),
  }
}

const nameOf = ({ kind, subject }: AlertBucket): string => `${kind} ${subject}`
