/** Aggregates of one entity in one window: event counts, numbers or values, in buckets of event time. */
export type SeriesState = ReturnType<typeof emptySeries>

/** What a series stores: the count of events, the moments of numbers, or the set of values. */
export type SeriesKind = 'events' | 'numbers' | 'values'

/** Columns of a row: bucket, count | bucket, count, mean, sum of squared deviations, min, max | value's hash, last bucket. */
export const STRIDES: Readonly<Record<SeriesKind, number>> = { events: 2, numbers: 6, values: 2 }

/** Buckets that a window is divided into: it spans between 59 and 60 of them, and its state has at most as many rows. */
export const BUCKETS = 60
/** Distinct values that are counted; with more, the feature is 256. */
const MOST_VALUES = 256
/**
 * After this many records in a row that are older than the window, the entity restarts empty: one record with a clock in the
 * far future must not disable its features for good.
 */
const LATE_IN_A_ROW = 10

export const emptySeries = () => ({
  /** The latest event time seen, epoch ms; NaN: nothing yet */
  lastMs: Number.NaN,
  /** Event time of the record with which the series began, epoch ms; NaN: nothing yet */
  firstMs: Number.NaN,
  /** Records in a row that were older than the window. */
  late: 0,
  /** Rows in use. */
  rows: 0,
  /** [capacity, stride], row-major; buckets are ascending, values in the order of their first occurrence */
  cells: new Float64Array(0),
})

/** The aggregates of a window before a record is counted. */
export type Before = ReturnType<typeof makeBefore>

export const makeBefore = () => ({
  /** Number of events or numbers; for values the number of distinct ones including this record's. */
  count: 0,
  mean: 0,
  /** Sum of squared deviations from the mean. */
  squares: 0,
  min: 0,
  max: 0,
  /** ms since the last record; NaN if there was none within the window */
  sinceLast: 0,
  /** Whether the series began a window ago or earlier. */
  isWhole: false,
})

/**
 * Computes the aggregates of the window that ends with a record, and counts the record.
 *
 * @param state     changed
 * @param before    filled with the aggregates before the record
 * @param atMs      the record's event time, epoch ms
 * @param value     a number, or the hash of a value; NaN is missing and not counted; ignored for events
 * @param bucketMs  width of a bucket; the window is `BUCKETS` of them
 * @returns whether it was counted; a record older than the window is not, and does not change `before`
 */
export function observe(
  kind: SeriesKind,
  state: SeriesState,
  before: Before,
  atMs: number,
  value: number,
  bucketMs: number,
): boolean {
  const bucket = Math.floor(atMs / bucketMs)
  if (bucket <= Math.floor(state.lastMs / bucketMs) - BUCKETS) {
    state.late += 1
    if (state.late < LATE_IN_A_ROW) return false
    state.lastMs = Number.NaN
    state.rows = 0
  }
  state.late = 0
  if (Number.isNaN(state.lastMs)) state.firstMs = atMs
  before.isWhole = atMs - state.firstMs >= (BUCKETS - 1) * bucketMs
  const since = Math.max(0, atMs - state.lastMs)
  before.sinceLast = since < BUCKETS * bucketMs ? since : Number.NaN
  if (!(atMs <= state.lastMs)) state.lastMs = atMs
  const oldest = Math.floor(state.lastMs / bucketMs) - BUCKETS + 1
  if (kind === 'values') {
    dropValues(state, oldest)
    if (!Number.isNaN(value)) countValue(state, value, bucket)
    before.count = state.rows
    return true
  }
  dropBuckets(kind, state, oldest)
  summarise(kind, state, before, bucket)
  if (kind === 'events') addTo(kind, state, bucket, 0)
  else if (!Number.isNaN(value)) addTo(kind, state, bucket, value)
  return true
}

/**
 * Merges the buckets of the window that ends with bucket `to`; those before the window have been removed.
 *
 * @see Chan, Golub & LeVeque 1979, Updating formulae and a pairwise algorithm for computing sample variances
 */
function summarise(kind: SeriesKind, { cells, rows }: SeriesState, before: Before, to: number): void {
  const stride = STRIDES[kind]
  let count = 0
  let mean = 0
  let squares = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (let at = 0, end = rows * stride; at < end; at += stride) {
    if (cells[at]! > to) break
    const own = cells[at + 1]!
    if (kind === 'numbers') {
      const apart = cells[at + 2]! - mean
      mean += (apart * own) / (count + own)
      squares += cells[at + 3]! + (apart * apart * count * own) / (count + own)
      if (cells[at + 4]! < min) min = cells[at + 4]!
      if (cells[at + 5]! > max) max = cells[at + 5]!
    }
    count += own
  }
  before.count = count
  before.mean = mean
  before.squares = squares
  before.min = min
  before.max = max
}

/** @see Welford 1962, for the mean and the squared deviations */
function addTo(kind: 'events' | 'numbers', state: SeriesState, bucket: number, value: number): void {
  const at = rowOf(state, STRIDES[kind], bucket)
  const { cells } = state
  const count = cells[at + 1]! + 1
  cells[at + 1] = count
  if (kind === 'events') return
  const apart = value - cells[at + 2]!
  cells[at + 2]! += apart / count
  cells[at + 3]! += apart * (value - cells[at + 2]!)
  cells[at + 4] = count === 1 ? value : Math.min(cells[at + 4]!, value)
  cells[at + 5] = count === 1 ? value : Math.max(cells[at + 5]!, value)
}

/** Index where the row of a bucket begins; inserts the row if the bucket has none. */
function rowOf(state: SeriesState, stride: number, bucket: number): number {
  let row = state.rows
  while (row > 0 && state.cells[(row - 1) * stride]! > bucket) row -= 1
  if (row > 0 && state.cells[(row - 1) * stride] === bucket) return (row - 1) * stride
  const at = row * stride
  grow(state, stride)
  state.cells.copyWithin(at + stride, at, state.rows * stride)
  state.cells.fill(0, at, at + stride)
  state.cells[at] = bucket
  state.rows += 1
  return at
}

function dropBuckets(kind: SeriesKind, state: SeriesState, oldest: number): void {
  const stride = STRIDES[kind]
  let gone = 0
  while (gone < state.rows && state.cells[gone * stride]! < oldest) gone += 1
  if (gone === 0) return
  state.cells.copyWithin(0, gone * stride, state.rows * stride)
  state.rows -= gone
}

function dropValues(state: SeriesState, oldest: number): void {
  const { cells } = state
  let kept = 0
  for (let row = 0; row < state.rows; row += 1) {
    if (cells[row * 2 + 1]! < oldest) continue
    cells[kept * 2] = cells[row * 2]!
    cells[kept * 2 + 1] = cells[row * 2 + 1]!
    kept += 1
  }
  state.rows = kept
}

function countValue(state: SeriesState, value: number, bucket: number): void {
  const { cells } = state
  let stalest = 0
  for (let row = 0; row < state.rows; row += 1) {
    if (cells[row * 2] === value) {
      cells[row * 2 + 1] = Math.max(cells[row * 2 + 1]!, bucket)
      return
    }
    if (cells[row * 2 + 1]! < cells[stalest * 2 + 1]!) stalest = row
  }
  if (state.rows < MOST_VALUES) {
    grow(state, 2)
    stalest = state.rows
    state.rows += 1
  }
  state.cells[stalest * 2] = value
  state.cells[stalest * 2 + 1] = bucket
}

/** Ensures capacity for one more row. */
function grow(state: SeriesState, stride: number): void {
  if ((state.rows + 1) * stride <= state.cells.length) return
  const larger = new Float64Array(Math.max(2, state.rows * 2) * stride)
  larger.set(state.cells)
  state.cells = larger
}
