import type { Pool } from '@outflow/store'
import { expect, test } from 'vitest'
import { UsageError } from '../../errors.js'
import { storeVerdict } from './store-verdict.js'

test('a note that is too long is refused before a statement runs (Postgres answered with the name of a constraint)', async () => {
  const pool = {} as Pool
  const note = 'x'.repeat(4_001)
  const given = storeVerdict(pool, 'expected', 'flights/flights/2/18043', { note })
  await expect(given).rejects.toThrow(new UsageError('--note has 4,001 characters; at most 4,000 are allowed'))
})
