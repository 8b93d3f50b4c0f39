import type { Config } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import type { StoredDeadLetter } from '@outflow/store/dead-letters'
import { scanWindow } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import { findOriginals } from './originals.js'

vi.mock('@outflow/store/dead-letters', () => ({ unsentDeadLetters: async () => [] }))
vi.mock('@outflow/streams', () => ({ makeKafka: vi.fn(), scanWindow: vi.fn() }))

test('reads the dead-letter topic from the first of 200,000 dead letters (it failed above 120,000)', async () => {
  const letters = Array.from({ length: 200_000 }, (_, n) => ({
    ...{ topic: 'parcels', partition: 0, offset: BigInt(n) },
    rejectedAt: new Date(Date.UTC(2026, 0, 2) - n),
  })) as unknown as readonly StoredDeadLetter[]
  const config = { pipeline: 'parcels', kafka: {}, deadLetters: { topic: 'dead' } } as unknown as Config
  await findOriginals({} as Pool, config, letters, new AbortController().signal)
  expect(vi.mocked(scanWindow).mock.lastCall![1]).toMatchObject({
    topics: ['dead'],
    fromMs: Date.UTC(2026, 0, 2) - 199_999 - 10 * 60_000,
  })
})
