import { hashOf } from './names.js'
import type { Series } from './plan.js'
import { emptySeries, type SeriesState, STRIDES } from './series-state.js'

const VERSION = 1

/**
 * Lays an entity's series out: the version, then for each series the hash of its id, the latest event time, the late
 * records in a row, how many cells, and the cells; every number a little-endian float64, so that what comes back is the
 * very same.
 */
export function encodeStates(series: readonly Series[], states: readonly SeriesState[]): Uint8Array {
  const cells = states.reduce((sum, { rows }, index) => sum + HEAD + rows * STRIDES[series[index]!.kind], 1)
  const bytes = new Uint8Array(cells * 8)
  const view = new DataView(bytes.buffer)
  let at = 0
  const put = (value: number) => {
    view.setFloat64(at, value, true)
    at += 8
  }
  put(VERSION)
  states.forEach((state, index) => {
    const { id, kind } = series[index]!
    put(hashOf(id))
    put(state.lastMs)
    put(state.late)
    put(state.rows * STRIDES[kind])
    for (let cell = 0; cell < state.rows * STRIDES[kind]; cell += 1) put(state.cells[cell]!)
  })
  return bytes
}

const HEAD = 4

/** Gives the series back. One that the bytes do not know begins empty, as all do in a layout of another version. */
export function decodeStates(series: readonly Series[], bytes: Uint8Array): SeriesState[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const states = series.map(() => emptySeries())
  let at = 0
  const take = () => {
    const value = view.getFloat64(at, true)
    at += 8
    return value
  }
  if (bytes.byteLength < 8 || take() !== VERSION) return states
  const known = new Map(series.map(({ id }, index) => [hashOf(id), index]))
  while (at < bytes.byteLength) {
    const index = known.get(take())
    const [lastMs, late, cells] = [take(), take(), take()]
    const values = Float64Array.from({ length: cells }, take)
    if (index !== undefined) {
      states[index] = { lastMs, late, rows: cells / STRIDES[series[index]!.kind], cells: values }
    }
  }
  return states
}
