import { expect, it } from 'vitest'
import type { Pool } from '../connection/pool.js'
import { createPartitions, dayOf } from './partitions.js'

it('creates the partitions of a year in calls of at most 30 days (one call could exceed the timeout of a statement)', async () => {
  const days = Array.from({ length: 365 }, (_, day) => dayOf(day * 86_400_000))
  const calls: string[][] = []
  const pool = {
    query: async ({ values }: { readonly values: readonly [string[]] }) => {
      calls.push(values[0])
      return { rows: [] }
    },
  }
  await createPartitions(pool as unknown as Pool, days)
  expect(calls.flat()).toEqual(days)
  expect(Math.max(...calls.map(({ length }) => length))).toBe(30)
})
