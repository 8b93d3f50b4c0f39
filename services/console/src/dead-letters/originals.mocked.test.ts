import type { Config } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import type { StoredDeadLetter } from '@outflow/store/dead-letters'
import { scanWindow, type WindowRecord } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import { findOriginals } from './originals.js'

vi.mock('@outflow/store/dead-letters', () => ({ unsentDeadLetters: async () => [] }))
vi.mock('@outflow/streams', () => ({ makeKafka: vi.fn(), scanWindow: vi.fn() }))

const config = { pipeline: 'parcels', kafka: {}, deadLetters: { topic: 'dead' } } as unknown as Config

test('returns the record of the same time, not that of a topic that was created again (it was resent instead)', async () => {
  const letter = { topic: 'parcels', partition: 0, offset: 7n, rejectedAt: new Date(), recordTime: new Date(5) }
  const sentAt = (timestamp: string) =>
    ({
      ...{ key: null, value: Buffer.from(timestamp) },
      headers: Object.entries({ topic: 'parcels', partition: '0', offset: '7', timestamp }).map(([name, value]) => [
        ...[`outflow.${name}`, Buffer.from(value)],
      ]),
    }) as unknown as WindowRecord
  vi.mocked(scanWindow).mockImplementationOnce(async (_, __, visit) => {
    await visit([sentAt('5'), sentAt('6')])
    return { isCutShort: false }
  })
  const letters = [letter as unknown as StoredDeadLetter]
  const { whole } = await findOriginals({} as Pool, config, letters, new AbortController().signal)
  expect([...whole.values()]).toEqual([{ key: null, value: Buffer.from('5'), headers: [], timestampMs: 5 }])
})

test('reads the dead-letter topic from the first of 200,000 dead letters (it failed above 120,000)', async () => {
  const letters = Array.from({ length: 200_000 }, (_, n) => ({
    ...{ topic: 'parcels', partition: 0, offset: BigInt(n) },
    ...{ rejectedAt: new Date(Date.UTC(2026, 0, 2) - n), recordTime: new Date(0) },
  })) as unknown as readonly StoredDeadLetter[]
  await findOriginals({} as Pool, config, letters, new AbortController().signal)
  expect(vi.mocked(scanWindow).mock.lastCall![1]).toMatchObject({
    topics: ['dead'],
    fromMs: Date.UTC(2026, 0, 2) - 199_999 - 10 * 60_000,
  })
})
