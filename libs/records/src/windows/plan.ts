import { type Feature, windowMs } from '@outflow/contracts'
import { needsWholeWindow } from '@outflow/contracts/feature'
import { hashOf } from './names.js'
import { BUCKETS, type SeriesKind } from './series-state.js'

export type WindowFeature = Extract<Feature, { readonly type: 'window' }>
type Aggregate = WindowFeature['aggregate']

/** The states kept for the windowed features of a pipeline; features that need the same state share it. */
export interface WindowPlan {
  /** How many windowed features there are. */
  readonly count: number
  readonly groups: readonly Group[]
}

/** Series of one kind of entity. */
interface Group {
  /** Path of the entity, or `partition`: all records of a partition are one; null: the message key */
  readonly by: string | null
  readonly series: readonly Series[]
}

/** One window over one field. */
export interface Series {
  /** Hash of kind, paths and length of the window: identifies the meaning of the state in every process. */
  readonly id: number
  readonly kind: SeriesKind
  /** Path of the aggregated value; null: records are counted */
  readonly of: string | null
  /** Path of the event time; null: Kafka's timestamp */
  readonly at: string | null
  readonly bucketMs: number
  /** Index of each measure among the windowed features, in their order. */
  readonly measures: readonly {
    readonly place: number
    readonly aggregate: Aggregate
    readonly needsWhole: boolean
  }[]
}

/** Returns the plan for the windowed features of a feature list; null if there are none. */
export function planWindows(features: readonly Feature[]): WindowPlan | null {
  const windows = windowsOf(features)
  if (windows.length === 0) return null
  const groups = new Map<string | null, Map<number, Series>>()
  windows.forEach((window, place) => {
    const { by = null, of = null, at = null, over, aggregate } = window
    const kind = KINDS[aggregate] ?? 'numbers'
    const id = hashOf(JSON.stringify([kind, of, at, over]))
    const series = groups.get(by) ?? new Map<number, Series>()
    groups.set(by, series)
    const measures = [...(series.get(id)?.measures ?? []), { place, aggregate, needsWhole: needsWholeWindow(window) }]
    series.set(id, { id, kind, of, at, bucketMs: windowMs(over) / BUCKETS, measures })
  })
  return {
    count: windows.length,
    groups: Array.from(groups, ([by, series]) => ({ by, series: [...series.values()] })),
  }
}

/** For each windowed feature of a model, its index among those of a feature list; -1 if it is not there. */
export function windowPlaces(model: readonly Feature[], features: readonly Feature[]): number[] {
  const known = windowsOf(features).map(meaningOf)
  return windowsOf(model).map((window) => known.indexOf(meaningOf(window)))
}

/** Returns a feature list with the windowed features of a model that it lacks; the list itself if it lacks none. */
export function withWindowsOf(model: readonly Feature[], features: readonly Feature[]): readonly Feature[] {
  const places = windowPlaces(model, features)
  const lacking = windowsOf(model).filter((_, index) => places[index] === -1)
  return lacking.length === 0 ? features : [...features, ...lacking]
}

const windowsOf = (features: readonly Feature[]) => features.filter((feature) => feature.type === 'window')

const meaningOf = ({ by, of, at, over, aggregate }: WindowFeature) => JSON.stringify([by, of, at, over, aggregate])

/** Length of the longest window of a feature list, ms; 0: there is none. */
export function longestWindowMs(features: readonly Feature[]): number {
  return Math.max(0, ...windowsOf(features).map(({ over }) => windowMs(over)))
}

/** The others are computed from numbers. */
const KINDS: Readonly<Partial<Record<Aggregate, SeriesKind>>> = {
  count: 'events',
  since_last: 'events',
  distinct: 'values',
}
