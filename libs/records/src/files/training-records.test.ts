import { featurePath } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { readTrainingRecords } from './training-records.js'

/** The features of a CSV file in which each of these columns has twelve distinct numbers. */
async function featuresWithout(exclude: readonly string[], ...columns: readonly string[]): Promise<readonly string[]> {
  const rows = Array.from({ length: 12 }, (_, row) => columns.map(() => String((row * 5) % 12)).join(','))
  async function* bytes() {
    yield Buffer.from(`${[columns.join(','), ...rows].join('\n')}\n`)
  }
  const { features } = await readTrainingRecords(
    { name: 'in', format: 'csv', bytes: bytes() },
    { features: null, exclude, maxRows: 100, seed: 1, signal: new AbortController().signal, onRows: () => {} },
  )
  return features.map(featurePath)
}

it.each([
  ['a', ['$.x', '$.$price']],
  ['$.a', ['$.x', '$.$price']],
  ['a.b', ['$.x', '$.a.c', '$.$price']],
  ['$price', ['$.x', '$.a.b', '$.a.c']],
  ['__proto__', ['$.x', '$.a.b', '$.a.c', '$.$price']],
])('excludes %s (a name that begins like a path ended train with an unexpected error)', async (name, kept) => {
  expect(await featuresWithout([name], 'x', 'a.b', 'a.c', '$price', '__proto__')).toEqual(kept)
})
