import { expect, test } from 'vitest'
import { batchNllCalls, type NllOfRows } from './nll-batching.js'

/** Returns the sum of each row and its context, and records the number of rows of each call; a row with NaN fails the call. */
function sums() {
  const calls: number[] = []
  const nll: NllOfRows = async (rows, context, count) => {
    calls.push(count)
    if (rows.includes(Number.NaN)) throw new Error(`${count} rows with a NaN`)
    return Float64Array.from({ length: count }, (_, row) => rows[2 * row]! + rows[2 * row + 1]! + context[row]!)
  }
  return { calls, nll: batchNllCalls(nll) }
}
const rows = (...numbers: number[]) => Float32Array.from(numbers)

test('calls with few rows are merged, and each gets its own result', async () => {
  const { calls, nll } = sums()
  const found = await Promise.all([
    nll(rows(1, 2), rows(10), 1),
    nll(rows(), rows(), 0),
    nll(rows(3, 4, 5, 6), rows(20, 30), 2),
  ])
  expect(found).toEqual([Float64Array.of(13), new Float64Array(0), Float64Array.of(27, 41)])
  expect(calls).toEqual([3])
  expect(await nll(rows(1, 1), rows(1), 1)).toEqual(Float64Array.of(3))
  expect(calls).toEqual([3, 1])
})

test('a call with many rows is not delayed', async () => {
  const { calls, nll } = sums()
  const [few, many] = [nll(rows(1, 2), rows(0), 1), nll(new Float32Array(200), new Float32Array(100), 100)]
  expect(calls).toEqual([100])
  expect([(await few).length, (await many).length]).toEqual([1, 100])
})

test('an error of a merged call rejects only the call that causes it', async () => {
  const { nll } = sums()
  const [good, bad] = [nll(rows(1, 2), rows(0), 1), nll(rows(Number.NaN, 2), rows(0), 1)]
  await expect(bad).rejects.toThrow('1 rows with a NaN')
  expect(await good).toEqual(Float64Array.of(3))
})
