import { type Config, formatPosition } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { queueResends, type StoredDeadLetter } from '@outflow/store/dead-letters'
import { describeTopics, requireTopicRights, TopicUnknown } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import { findOriginals } from './originals.js'
import { resendDeadLetters } from './resend.js'

vi.mock('@outflow/store/dead-letters', () => ({ queueResends: vi.fn(async (_pool, _pipeline, resends) => resends) }))
vi.mock('@outflow/streams', async (original) => ({
  ...(await original<object>()),
  ...{ makeKafka: vi.fn(), requireTopicRights: vi.fn(), describeTopics: vi.fn(async () => new Map([['read', 1]])) },
}))
vi.mock('./originals.js', () => ({ findOriginals: vi.fn(), recordChecker: async () => async () => null }))

test('a dead letter of a topic that the pipeline no longer reads is not resent (a deleted topic delayed all messages)', async () => {
  const report = await resendOf(['read', 'removed'])
  expect(report).toMatchObject({
    queued: ['read/0/7'],
    stillInvalid: [{ position: 'removed/0/7', detail: 'source.topics no longer has removed' }],
  })
  expect(vi.mocked(queueResends).mock.calls[0]![2].map(({ topic }) => topic)).toEqual(['read'])
})

test('no dead letter is resent to a topic that the user may not write to (its message delayed all alerts)', async () => {
  vi.mocked(queueResends).mockClear()
  vi.mocked(requireTopicRights).mockRejectedValueOnce(new Error('lacks WRITE'))
  await expect(resendOf(['read'])).rejects.toThrow('lacks WRITE')
  expect(vi.mocked(requireTopicRights).mock.lastCall![1]).toEqual(new Map([['read', ['WRITE']]]))
  expect(queueResends).not.toHaveBeenCalled()
})

test('no dead letter of a deleted topic is resent (it was marked as resent, and the relay skipped its record)', async () => {
  vi.mocked(queueResends).mockClear()
  vi.mocked(describeTopics).mockResolvedValueOnce(new Map([['read', null]]))
  await expect(resendOf(['read'])).rejects.toThrow(new TopicUnknown(['read']))
  expect(queueResends).not.toHaveBeenCalled()
})

test('a dead letter that is named twice is resent once (its record was sent twice)', async () => {
  vi.mocked(queueResends).mockClear()
  expect(await resendOf(['read', 'read'])).toMatchObject({ queued: ['read/0/7'], before: [] })
  expect(vi.mocked(queueResends).mock.calls[0]![2]).toHaveLength(1)
})

test('many dead letters are resent by several statements (300 of a megabyte failed: the text of one was too long)', async () => {
  vi.mocked(queueResends).mockClear()
  const { queued } = await resendOf(Array<string>(250).fill('read'), (n) => BigInt(n))
  expect(new Set(queued).size).toBe(250)
  expect(vi.mocked(queueResends).mock.calls.map(([, , resends]) => resends.length)).toEqual([100, 100, 50])
})

/** Resends a valid dead letter of each topic; the pipeline reads the topic `read`. */
function resendOf(topics: readonly string[], offsetOf: (n: number) => bigint = () => 7n) {
  const letters = topics.map(
    (topic, n) => ({ topic, partition: 0, offset: offsetOf(n), resentAt: null }) as StoredDeadLetter,
  )
  const original = { key: null, value: Buffer.from('{}'), headers: [], timestampMs: 0 }
  const whole = new Map(letters.map((letter) => [formatPosition(letter), original]))
  vi.mocked(findOriginals).mockResolvedValue({ whole, cut: new Map(), unsent: new Set() })
  const config = { pipeline: 'parcels', source: { topics: ['read'] } } as unknown as Config
  const signal = new AbortController().signal
  return resendDeadLetters({} as Pool, config, letters, { corrected: null, isDryRun: false, signal })
}
