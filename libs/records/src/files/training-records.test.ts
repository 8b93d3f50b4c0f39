import type { Feature } from '@outflow/contracts'
import { featurePath, PARTITION } from '@outflow/contracts/feature'
import { expect, it } from 'vitest'
import { readTrainingRecords } from './training-records.js'

/** The features of a CSV file in which each of these columns has twelve distinct numbers. */
async function featuresWithout(exclude: readonly string[], ...columns: readonly string[]): Promise<readonly string[]> {
  const rows = Array.from({ length: 12 }, (_, row) => columns.map(() => String((row * 5) % 12)).join(','))
  async function* bytes() {
    yield Buffer.from(`${[columns.join(','), ...rows].join('\n')}\n`)
  }
  return featuresOf('csv', bytes(), null, exclude)
}

async function featuresOf(
  format: 'csv' | 'ndjson',
  bytes: AsyncIterable<Buffer>,
  given: readonly Feature[] | null,
  exclude: readonly string[],
): Promise<readonly string[]> {
  const { features } = await readTrainingRecords(
    { name: 'in', format, bytes },
    { features: given, exclude, maxRows: 100, seed: 1, signal: new AbortController().signal, onRows: () => {} },
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

it('excludes a column whose name begins as a path does (it was refused as unknown, in a list that named it)', async () => {
  expect(await featuresWithout(['$.x'], '$.x', 'y')).toEqual(['$.y'])
})

it('suggests the column that is meant, and lists 20 columns of a wide file at most (the message had each of them)', async () => {
  const columns = Array.from({ length: 300 }, (_, index) => `sensor${index}`)
  await expect(featuresWithout(['tmp'], 'temp', ...columns)).rejects.toThrow(
    /^in: no column tmp to exclude \(Did you mean temp\?\)$/,
  )
  await expect(featuresWithout(['pressure'], ...columns)).rejects.toThrow(/, sensor18, sensor19, 280 more$/)
  async function* constants() {
    yield Buffer.from(`${columns.join(',')}\n${columns.map(() => 1).join(',')}\n`)
  }
  await expect(featuresOf('csv', constants(), null, [])).rejects.toThrow(/; sensor19: .*; 280 more\)$/)
})

it('names the delimiters if a CSV file has one column that no model can use (only the reason was printed)', async () => {
  async function* bytes() {
    yield Buffer.from(`load at\n${Array.from({ length: 50 }, (_, row) => `${row} x${row}`).join('\n')}\n`)
  }
  await expect(featuresOf('csv', bytes(), null, [])).rejects.toThrow(
    '; the file has one column: the first line must be',
  )
  await expect(featuresWithout(['x', 'y'], 'x', 'y')).rejects.toThrow(/\(all are excluded\)$/)
})

it('names the fixes for a value that is not of the type inferred (house numbers with one 4a ended train without any)', async () => {
  async function* bytes() {
    yield Buffer.from(`house\n4a\n${Array.from({ length: 20 }, (_, row) => (row * 7) % 20).join('\n')}\n`)
  }
  await expect(featuresOf('csv', bytes(), null, [])).rejects.toThrow(
    /^in, line 2: \$\.house must be a number .*, found "4a"; correct it, or --exclude the column, or /,
  )
})

it('excludes a given feature that no inferred column has: an item of a list, a window (they were refused as unknown)', async () => {
  async function* bytes() {
    yield Buffer.from('{"load":1,"items":[2],"at":"2026-01-05T07:00:00Z"}\n')
  }
  const common = { type: 'numeric', scale: 'linear', optional: false } as const
  const given: Feature[] = [
    { ...common, path: '$.load' },
    { ...common, path: '$.items[0]' },
    { type: 'window', name: 'recent', aggregate: 'count', over: '1h', by: PARTITION, at: '$.at', scale: 'log' },
  ]
  expect(await featuresOf('ndjson', bytes(), given, ['items[0]', 'recent'])).toEqual(['$.load'])
})
