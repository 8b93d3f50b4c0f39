import type { Client } from '@outflow/store'
import {
  type AnomalyCount,
  type AnomalyFilter,
  anomalySpan,
  countAnomalies,
  countByEntity,
  leastLikelyLimit,
  topEntities,
} from '@outflow/store/anomalies'
import { marksBetween } from '@outflow/store/pipelines'
import type { Overview } from './api/index.js'

interface OverviewQuery {
  readonly filter: AnomalyFilter
  /** Maximum number of time steps. */
  readonly steps: number
  readonly compare: boolean
}

const LANES = 8
// Where more are expected, only the least likely are counted: `npm run bench:queries`.
const EXACT_UP_TO = 250_000
const LEAST_LIKELY = 30_000
const HOUR = 3_600
const DAY = 24 * HOUR
/** Seconds. */
const STEPS = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800],
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 30, 120, 365].map((days) => days * DAY),
]

/** Counts the anomalies of a filter by time, entity, field and severity. */
export async function readOverview(db: Client, { filter, steps, compare }: OverviewQuery): Promise<Overview> {
  const { from, to } = await spanOf(db, filter)
  const seconds = (to.getTime() - from.getTime()) / 1_000
  // A span that begins within a step overlaps one more.
  const stepSeconds = STEPS.find((step) => seconds / step <= steps - 1) ?? Math.ceil(seconds / (steps - 1) / DAY) * DAY
  const limit = await leastLikelyLimit(db, {
    filter: { ...filter, from, to },
    exactUpTo: EXACT_UP_TO,
    most: LEAST_LIKELY,
  })
  const within = { ...filter, ...(limit === null ? {} : { maxPValue: limit.maxPValue }) }
  const counted = { ...within, from, to, stepSeconds }
  const counts = await countAnomalies(db, counted)
  const entities = filter.key === undefined ? await topEntities(db, { ...counted, limit: LANES }) : []
  const keys = entities.map(({ key }) => key)
  const cells = keys.length === 0 ? [] : await countByEntity(db, { ...counted, keys })
  const hasBefore = compare && filter.from !== undefined
  const earlier = { ...within, from: new Date(2 * from.getTime() - to.getTime()), to: from, stepSeconds: 365 * DAY }
  const before = hasBefore ? await countAnomalies(db, earlier) : null
  const cellsBefore = hasBefore && keys.length > 0 ? await countByEntity(db, { ...earlier, keys }) : []

  const compared = <Name>(name: Name, of: (count: AnomalyCount) => Name) =>
    before && sumOf(before.filter((count) => of(count) === name))
  const fields = groupsOf(counts, ({ field }) => field)
    .map(([name, own]) => ({ name, own, ...tallyOf(own), before: compared(name, ({ field }) => field) }))
    .toSorted((a, b) => b.anomalies - a.anomalies)
  const lanesOfEntities = entities.map(({ key, ...tally }) => ({
    ...{ name: key, ...tally, cells: cellsOf(cells.filter((cell) => cell.key === key)) },
    before: hasBefore ? sumOf(cellsBefore.filter((cell) => cell.key === key)) : null,
  }))
  const lanesOfFields = fields.slice(0, LANES).map(({ own, ...lane }) => ({ ...lane, cells: cellsOf(own) }))
  return {
    from,
    to,
    marks: await marksBetween(db, { pipeline: filter.pipeline, from, to }),
    stepSeconds,
    anomalies: sumOf(counts),
    leastLikelyOf: limit,
    before: before && sumOf(before),
    total: cellsOf(counts),
    lanesBy: entities.length > 0 ? 'entity' : 'field',
    lanes: entities.length > 0 ? lanesOfEntities : lanesOfFields,
    fields: fields.map(({ own: _, ...field }) => field),
    severities: groupsOf(counts, ({ severity }) => severity).map(([name, own]) => ({
      ...{ name, ...tallyOf(own) },
      before: compared(name, ({ severity }) => severity),
    })),
  }
}

/** Ends of a filter's span; an open end is that of the stored anomalies. */
async function spanOf(db: Client, { pipeline, from, to }: AnomalyFilter): Promise<{ from: Date; to: Date }> {
  const stored = from !== undefined && to !== undefined ? null : await anomalySpan(db, pipeline)
  const now = new Date()
  const end = to ?? (stored === null ? now : new Date(stored.last.getTime() + 1))
  const begin = from ?? stored?.first ?? end
  return { from: begin, to: end > begin ? end : new Date(begin.getTime() + 1) }
}

interface Counted {
  readonly anomalies: number
  readonly leastPValue: number
}

const sumOf = (counts: readonly Counted[]): number => counts.reduce((sum, { anomalies }) => sum + anomalies, 0)

const tallyOf = (counts: readonly Counted[]): Counted => ({
  anomalies: sumOf(counts),
  leastPValue: counts.reduce((least, { leastPValue }) => Math.min(least, leastPValue), 1),
})

function cellsOf(counts: readonly (Counted & { readonly at: Date })[]): Overview['total'] {
  return groupsOf(counts, ({ at }) => at.getTime())
    .toSorted(([a], [b]) => a - b)
    .map(([at, own]) => ({ at: new Date(at), ...tallyOf(own) }))
}

function groupsOf<Count, Name>(counts: readonly Count[], nameOf: (count: Count) => Name): [Name, Count[]][] {
  const groups = new Map<Name, Count[]>()
  for (const count of counts) {
    const name = nameOf(count)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [count])
    else group.push(count)
  }
  return [...groups]
}
