import { EARLIEST_MS, LATEST_MS } from '@outflow/contracts'
import type { Client } from '@outflow/store'
import {
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
// To search a record Postgres reads it and converts it to text, microseconds each; an overview searches three times.
const SEARCHED = 50_000
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
  const span = await spanOf(db, filter)
  const stepSeconds = stepSecondsOf(span, steps)
  const limit = await limitOf(db, { ...filter, ...span })
  const limited = withLimit(filter, limit)
  const counted = { ...limited, ...span, stepSeconds }
  const countedBefore =
    compare && filter.from !== undefined ? { ...limited, ...spanBefore(span), stepSeconds: 365 * DAY } : null

  const counts = await countAnomalies(db, counted)
  const keys = filter.key === undefined && counts.length > 0 ? await topEntities(db, { ...counted, limit: LANES }) : []
  const cellsOfKeys = async (query: typeof counted) => (keys.length === 0 ? [] : countByEntity(db, { ...query, keys }))
  const cells = await cellsOfKeys(counted)
  const countsBefore = countedBefore && (await countAnomalies(db, countedBefore))
  const cellsBefore = countedBefore && (await cellsOfKeys(countedBefore))

  const fields = comparedBy(({ field }) => field, counts, countsBefore).toSorted((a, b) => b.anomalies - a.anomalies)
  const entities = comparedBy(({ key }) => key, cells, cellsBefore).toSorted(
    (a, b) => keys.indexOf(a.name) - keys.indexOf(b.name),
  )
  return {
    ...span,
    // The end is 1 ms after the last anomaly, which may be at the latest time.
    to: new Date(Math.min(span.to.getTime(), LATEST_MS)),
    marks: await marksBetween(db, { pipeline: filter.pipeline, ...span }),
    stepSeconds,
    anomalies: sumOf(counts),
    leastLikelyOf: limit,
    before: countsBefore && sumOf(countsBefore),
    total: cellsOf(counts),
    lanesBy: entities.length > 0 ? 'entity' : 'field',
    lanes: entities.length > 0 ? entities : fields.slice(0, LANES),
    fields,
    severities: comparedBy(({ severity }) => severity, counts, countsBefore),
  }
}

/** Limits a filter with a text to the anomalies that are searched: where the rest of it selects too many, the least likely of those. */
export async function searchedBy(db: Client, filter: AnomalyFilter): Promise<AnomalyFilter> {
  return filter.text === undefined ? filter : withLimit(filter, await limitOf(db, filter))
}

/** null: all anomalies of the filter are counted or searched. */
async function limitOf(db: Client, { text, ...filter }: AnomalyFilter): Promise<Overview['leastLikelyOf']> {
  const [exactUpTo, most] = text === undefined ? [EXACT_UP_TO, LEAST_LIKELY] : [SEARCHED, SEARCHED]
  return leastLikelyLimit(db, { filter, exactUpTo, most })
}

const withLimit = (filter: AnomalyFilter, limit: Overview['leastLikelyOf']): AnomalyFilter =>
  limit === null ? filter : { ...filter, maxPValue: limit.maxPValue }

type TimeSpan = Pick<Overview, 'from' | 'to'>

/** The shortest step with which the span has at most `steps`. */
function stepSecondsOf({ from, to }: TimeSpan, steps: number): number {
  const seconds = (to.getTime() - from.getTime()) / 1_000
  // A span that begins within a step overlaps one more.
  return STEPS.find((step) => seconds / step <= steps - 1) ?? Math.ceil(seconds / (steps - 1) / DAY) * DAY
}

/** The span of the same length that ends where this one begins. */
const spanBefore = ({ from, to }: TimeSpan): TimeSpan => ({
  from: new Date(Math.max(EARLIEST_MS, 2 * from.getTime() - to.getTime())),
  to: from,
})

/** Ends of a filter's span, which may be empty; an open end is that of the stored anomalies. */
async function spanOf(db: Client, { pipeline, from, to }: AnomalyFilter): Promise<TimeSpan> {
  const stored = from !== undefined && to !== undefined ? null : await anomalySpan(db, pipeline)
  const now = new Date()
  const end = to ?? (stored === null ? now : new Date(stored.last.getTime() + 1))
  const begin = from ?? (stored !== null && stored.first < end ? stored.first : end)
  return { from: begin, to: new Date(Math.max(begin.getTime(), end.getTime())) }
}

type Cell = Overview['total'][number]

/** Groups counts by a name, each group with its cells and its number before. */
function comparedBy<Count extends Cell, Name>(
  nameOf: (count: Count) => Name,
  counts: readonly Count[],
  before: readonly Count[] | null,
) {
  return groupsOf(counts, nameOf).map(([name, group]) => ({
    name,
    anomalies: sumOf(group),
    before: before && sumOf(before.filter((count) => nameOf(count) === name)),
    cells: cellsOf(group),
  }))
}

const sumOf = (counts: readonly Cell[]): number => counts.reduce((sum, { anomalies }) => sum + anomalies, 0)

function cellsOf(counts: readonly Cell[]): Cell[] {
  return groupsOf(counts, ({ at }) => at.getTime())
    .toSorted(([a], [b]) => a - b)
    .map(([at, group]) => ({
      at: new Date(at),
      anomalies: sumOf(group),
      leastPValue: Math.min(...group.map(({ leastPValue }) => leastPValue)),
    }))
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
