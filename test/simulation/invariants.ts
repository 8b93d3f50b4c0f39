import { ALERT_EVENT_TYPE, formatPosition } from '@outflow/contracts'
import { decide } from '@outflow/detector'
import { delayOf, SOURCE } from './feed.js'
import { nllOf, pValueOf } from './fixed-model.js'
import type { LoggedRecord } from './partition-log.js'
import { PIPELINE } from './pipeline-config.js'
import type { Plan } from './plan.js'
import type { SimulatedBroker } from './simulated-broker.js'
import type { SimulatedPostgres } from './simulated-postgres.js'
import type { OffsetRow, Tables } from './tables.js'

/** Checks after each commit that counters add up, records are counted once, and offsets never go back. */
export function watchCommits(read: Read, violated: (what: string) => void): void {
  const { postgres } = read
  const last = new Map<string, OffsetRow>()
  postgres.onCrash.add(() => last.clear())
  postgres.onCommit.add(() => {
    for (const [key, row] of postgres.tables.offsets) {
      const { nextOffset, received, scored, rejected, skipped, partition } = row
      const before = last.get(key)
      if (row === before) continue
      const isOfSameTopic = before?.topicId === row.topicId
      if (isOfSameTopic && nextOffset < before.nextOffset) violated(`the offset of ${key} goes back to ${nextOffset}`)
      last.set(key, row)
      if (received !== scored + rejected)
        violated(`${key}: received ${received} ≠ ${scored} scored + ${rejected} rejected`)
      const due = readable(read, partition).length
      if (received + skipped !== due)
        violated(`${key}: ${received} received and ${skipped} skipped up to ${nextOffset}, of ${due}`)
    }
  })
}

interface Read {
  readonly broker: SimulatedBroker
  readonly postgres: SimulatedPostgres
}

/** Returns violations at the end: compares all output with the results expected from the source topic alone. */
export function finalViolations({ broker, postgres, plan }: Read & { readonly plan: Plan }): readonly string[] {
  const { tables } = postgres
  const partitions = broker.topics.get(SOURCE)!.partitions
  const found: string[] = []
  const due = partitions.flatMap((_, at) => dueOf(readable({ broker, postgres }, at), at, plan))
  const compare = (what: string, actual: readonly string[], expected: readonly string[]) => {
    const left = actual.toSorted()
    const right = expected.toSorted()
    if (left.join('\n') === right.join('\n')) return
    const missing = right.filter((own) => !left.includes(own))
    const extra = left.filter((own, place) => !right.includes(own) || left[place - 1] === own)
    found.push(
      `${what}: missing ${missing.slice(0, 3).join(', ') || 'none'}; too many ${extra.slice(0, 3).join(', ') || 'none'}`,
    )
  }
  const anomalies = due.filter(({ isAnomaly }) => isAnomaly)
  const rejected = due.filter(({ isRejected }) => isRejected)
  // A record of a topic that was created again may have the key of an anomaly of the deleted topic, which remains stored.
  const stored = firstOf(anomalies, ({ key, record }) => `${key} ${record.timestampMs}`)
  compare(
    'anomalies',
    [...tables.anomalies].map(
      ([key, row]) =>
        `${key.split(' ')[0]} ${JSON.stringify(JSON.parse(row.record))} ${row.nll} ${JSON.stringify(row.windowed)}`,
    ),
    stored.map(
      ({ key, record, nll, count }) =>
        `${key} ${record.value} ${nll} ${JSON.stringify(plan.hasWindows ? [count] : null)}`,
    ),
  )
  compare(
    'dead letters',
    [...tables.deadLetters.keys()],
    firstOf(rejected, ({ key }) => key).map(({ key }) => key),
  )
  const events = committedIn(broker, 'flights.alerts').map(({ value }): SentEvent => JSON.parse(String(value)))
  const alerts = events.filter(({ type }) => type === ALERT_EVENT_TYPE)
  const { unsent } = tables
  compare(
    'alerts sent or withheld',
    [...alerts.map(({ id }) => id), ...[...unsent.keys()].map((key) => `${PIPELINE}/${key}`)],
    anomalies.map(eventIdOf),
  )
  const grouped = new Map<string, number>()
  for (const { groupId } of unsent.values()) if (groupId !== null) grouped.set(groupId, (grouped.get(groupId) ?? 0) + 1)
  found.push(...wronglyHidden(tables, anomalies), ...wronglyWithheld(tables, alerts, plan))
  compare(
    'groups',
    events.filter(({ type }) => type !== ALERT_EVENT_TYPE).map(({ id, data }) => `${id}: ${data.count}`),
    [...grouped].map(([groupId, count]) => `${groupId}: ${count}`),
  )
  found.push(...outOfOrder(alerts, anomalies))
  compare(
    'dead letters sent',
    committedIn(broker, 'flights.dead').map(contentOf),
    rejected.map(({ key, record }) => `${key} ${hexOf(record.key)} ${hexOf(record.value)}`),
  )
  const scored = due.filter(({ nll }) => !Number.isNaN(nll)).length
  const counted = [...tables.scored.values()].reduce((sum, row) => sum + row.scored, 0)
  if (counted !== scored) found.push(`the minutes count ${counted} scored records of ${scored}`)
  for (const at of partitions.keys()) {
    if (!('fdr' in plan.detection)) break
    const state = tables.fdrStates.get(`${SOURCE}/${at}`)
    const expected = fdrOf(readable({ broker, postgres }, at), plan.detection)
    if (expected !== null && JSON.stringify(state) !== JSON.stringify(expected))
      found.push(`the state of false-discovery control of partition ${at} differs`)
  }
  if (postgres.sessions.size > 0) found.push('a connection to Postgres is still open')
  if (broker.transactions.open > 0) found.push('a Kafka transaction is still open')
  return found
}

/** The compared fields of an alert or a group of alerts. */
interface SentEvent {
  readonly id: string
  readonly type: string
  readonly data: {
    readonly key: string | null
    readonly partition: number
    readonly offset: string
    readonly count: number
    readonly provisional?: boolean
  }
}

/** Alerts of provisional models that were sent or withheld against the configuration; alerts with the wrong `provisional`. */
function wronglyWithheld(
  { anomalies, unsent }: Tables,
  alerts: readonly SentEvent[],
  { alertsOfProvisional }: Plan,
): readonly string[] {
  const sent = new Map(alerts.map(({ id, data }) => [id, data]))
  return [...anomalies].flatMap(([keyAndTime, { provisional }]) => {
    const key = keyAndTime.split(' ')[0]!
    const isWithheld = unsent.get(key)?.because === 'provisional'
    const alert = sent.get(`${PIPELINE}/${key}`)
    return [
      ...(isWithheld === (provisional && !alertsOfProvisional) ? [] : [`alert ${key} is withheld: ${isWithheld}`]),
      ...(alert === undefined || (alert.provisional ?? false) === provisional
        ? []
        : [`alert ${key} is provisional: ${alert.provisional}`]),
    ]
  })
}

/** Hidden alerts whose rule has another key, and rules whose count is wrong. */
function wronglyHidden({ unsent, suppressions }: Tables, due: readonly Due[]): readonly string[] {
  const hidden = new Map<string, number>()
  const keys = new Map(due.map(({ key, record }) => [key, record.key && String(record.key)]))
  const found = [...unsent].flatMap(([key, { ruleId }]) => {
    if (ruleId === null) return []
    hidden.set(ruleId, (hidden.get(ruleId) ?? 0) + 1)
    const entity = suppressions.get(BigInt(ruleId))?.entity
    return entity === keys.get(key) ? [] : [`the alert of ${key} is hidden by a rule of ${entity}`]
  })
  for (const rule of suppressions.values())
    if (Number(rule.hidden) !== (hidden.get(rule.id) ?? 0))
      found.push(`rule ${rule.id} counts ${rule.hidden} hidden alerts`)
  return found
}

interface Due {
  /** `topic/partition/offset` */
  readonly key: string
  readonly record: LoggedRecord
  readonly isRejected: boolean
  readonly isAnomaly: boolean
  /** NaN if not scored. */
  readonly nll: number
  /** Number of scored records of its entity up to this one; null without an entity. */
  readonly count: number | null
}

/** Expected results for the records of a partition, computed in one batch. */
function dueOf(records: readonly LoggedRecord[], partition: number, plan: Plan): readonly Due[] {
  const nlls = records.map((record) => nllOf(delayOf(record)))
  const scored = records.flatMap((_, place) => (Number.isNaN(nlls[place]!) ? [] : [place]))
  const { isAnomaly } = decide(
    Float64Array.from(scored, (place) => pValueOf(nlls[place]!)),
    plan.detection,
  )
  const counts = new Map<string, number>()
  return records.map((record, place) => {
    const nll = nlls[place]!
    const entity = record.key && String(record.key)
    if (entity !== null && !Number.isNaN(nll)) counts.set(entity, (counts.get(entity) ?? 0) + 1)
    return {
      ...{ key: formatPosition({ topic: SOURCE, partition, offset: record.offset }), record, nll },
      isRejected: Number.isNaN(nll) && (record.value !== null || plan.tombstones === 'reject'),
      isAnomaly: isAnomaly[scored.indexOf(place)] === 1,
      count: entity === null ? null : (counts.get(entity) ?? 0),
    }
  })
}

function fdrOf(records: readonly LoggedRecord[], detection: { readonly fdr: number }) {
  const pValues = records
    .map((record) => nllOf(delayOf(record)))
    .filter((nll) => !Number.isNaN(nll))
    .map(pValueOf)
  return pValues.length === 0 ? null : decide(Float64Array.from(pValues), detection).fdrState
}

/** Committed records of a partition up to the stored offset, without those deleted before they were read; includes deleted topics. */
function readable({ broker, postgres }: Read, partition: number): readonly LoggedRecord[] {
  const { offsets, gaps } = postgres.tables
  const row = offsets.get(`${SOURCE}/${partition}`)
  if (row === undefined) return []
  const own = [...gaps.values()].filter((gap) => gap.partition === `${SOURCE}/${partition}`)
  const topic = broker.topics.get(SOURCE)!
  const logsOf = (id: string | null) => broker.formerLogs.get(id ?? topic.id) ?? topic.partitions
  let from = row.firstOffset
  const readOf = (topicId: string | null, until: bigint) => {
    const missed = own.filter((gap) => gap.kind === 'retention' && gap.topicId === topicId)
    const records = logsOf(topicId)
      [partition]!.committed(until)
      .filter(({ offset }) => offset >= from && !missed.some((gap) => offset >= gap.from && offset < gap.to))
    return records
  }
  const ofFormer = own.flatMap((gap) => {
    if (gap.kind !== 'recreated') return []
    const records = readOf(gap.topicId, gap.from)
    from = gap.to
    return records
  })
  return [...ofFormer, ...readOf(row.topicId, row.nextOffset)]
}

const eventIdOf = ({ key }: Due) => `${PIPELINE}/${key}`

function firstOf<T>(all: readonly T[], keyOf: (one: T) => string): readonly T[] {
  return [...new Map(all.toReversed().map((one) => [keyOf(one), one])).values()].toReversed()
}

function committedIn(broker: SimulatedBroker, topic: string): readonly LoggedRecord[] {
  return broker.topics.get(topic)?.partitions.flatMap((log) => log.committed()) ?? []
}

/** Alerts that are not in the order of their records, per key and partition. */
function outOfOrder(alerts: readonly SentEvent[], due: readonly Due[]): readonly string[] {
  const places = new Map<string, number>()
  return alerts.flatMap(({ id, data: { key, partition } }) => {
    // Alerts without a key are not ordered.
    if (key === null) return []
    const stream = `${key} of partition ${partition}`
    const place = due.findIndex((own, at) => at >= (places.get(stream) ?? 0) && eventIdOf(own) === id)
    places.set(stream, place + 1)
    return place >= 0 ? [] : [`the alert ${id} of ${stream} comes after that of a later record`]
  })
}

function contentOf({ headers, key, value }: LoggedRecord): string {
  const of = (name: string) => String(headers[name])
  return `${of('outflow.topic')}/${of('outflow.partition')}/${of('outflow.offset')} ${hexOf(key)} ${hexOf(value)}`
}

const hexOf = (bytes: Buffer | null) => bytes?.toString('hex') ?? 'null'
