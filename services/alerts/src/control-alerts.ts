import { bucketName, bucketsOf, eventMessage, groupEvent, makeDecider } from '@outflow/alerting'
import type { AlertBucket, Config } from '@outflow/contracts'
import { inTransaction, type Leadership } from '@outflow/store'
import {
  alertBuckets,
  claimOutboxOrder,
  type OutboxRow,
  queueMessages,
  takeOutbox,
  unnumberedRows,
  updateAlertBuckets,
  withholdAlerts,
} from '@outflow/store/outbox'
import { listSuppressions } from '@outflow/store/suppressions'
import { decideOn, waitingOf } from './alert-decisions.js'
import { REASONS_WAIT_MS, withReasons } from './explaining/with-reasons.js'
import { MAX_BATCH_BYTES, MAX_ROWS } from './relay.js'
import type { AlertsTelemetry } from './telemetry.js'

/** Largest size of the alerts that one transaction decides on. */
const MAX_BYTES = 8 * 1024 ** 2
/**
 * How long after its end a bucket is closed: an alert has the time at which its transaction began, so one that belongs to the bucket may
 * still be uncommitted, or wait for its reasons.
 */
const COMMIT_MS = 1_000 + REASONS_WAIT_MS

export interface AlertControlDeps {
  /** Its connection is used, so that an open transaction is lost together with the leadership. */
  readonly leadership: Leadership
  readonly config: Pick<Config, 'pipeline' | 'alerts' | 'console'>
  readonly telemetry: Pick<AlertsTelemetry, 'alertsDecided'>
}

/**
 * Decides on the alerts that have no number in the order of sending yet. Alerts to send individually, and all messages that are not alerts, are
 * numbered; other alerts are removed from the outbox and stored with the reason; groups whose bucket has ended are numbered too. Returns the
 * first numbered rows, in order.
 *
 * A transaction stores all of its decisions or none, so a crash neither repeats nor loses one. Decisions depend on the order
 * and times of the alerts, not on the time at which the relay reads them.
 */
export async function controlAlerts(deps: AlertControlDeps): Promise<readonly OutboxRow[]> {
  const { client, signal } = deps.leadership
  for (;;) {
    const { unsent, groups, numbered } = await inTransaction(client, () => controlSome(deps))
    deps.telemetry.alertsDecided(unsent, groups)
    // Without a numbered row and without an alert that is not sent, there was no row to decide on.
    if (numbered.length > 0 || unsent.length === 0 || signal.aborted) return numbered
  }
}

async function controlSome({ leadership: { client }, config }: AlertControlDeps) {
  const { pipeline, alerts } = config
  const now = await claimOutboxOrder(client, pipeline)
  const rows = await unnumberedRows(client, {
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
  const decider = makeDecider({ ...alerts, suppressions: rules.toReversed() }, before)
  // There may be more rows, with alerts of a bucket whose end has passed.
  const { createdAt: decidedUpTo } = rows.at(-1) ?? { createdAt: now }
  const toMessage = (group: AlertBucket) => eventMessage(groupEvent(group, pipeline, config.console.url), alerts)
  const { order, unsent } = decideOn(waiting, decider, toMessage, decidedUpTo.getTime() - COMMIT_MS)
  await withholdAlerts(client, pipeline, unsent)
  await updateAlertBuckets(client, pipeline, changes(before, decider.open()))
  const groups = order.filter((next) => typeof next !== 'bigint')
  const groupIds = (await queueMessages(client, pipeline, groups)).values()
  const ids = order.map((next) => (typeof next === 'bigint' ? next : groupIds.next().value!))
  const numbered = await takeOutbox(client, { pipeline, limit: MAX_ROWS, maxBytes: MAX_BATCH_BYTES, order: ids })
  return { unsent, groups: groups.length, numbered }
}

/** Returns the buckets to delete and the buckets to write, so that exactly the open ones are stored. */
function changes(before: readonly AlertBucket[], open: readonly AlertBucket[]) {
  const known = new Set(before)
  const names = new Set(open.map(bucketName))
  return {
    closed: before.filter((bucket) => !names.has(bucketName(bucket))),
    open: open.filter((bucket) => !known.has(bucket)),
  }
}
