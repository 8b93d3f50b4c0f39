import type { Gap } from '@outflow/contracts'
import { describe, expect, it, vi } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, OffsetBeyondLog } from '../errors.js'
import { type PositionStore, positionsInMemory } from './positions.js'
import { gapBefore, startsOf } from './start.js'

const gap = (stored: readonly [bigint, string | null], topicId: string | null, earliest: bigint, end: bigint) =>
  gapBefore({ nextOffset: stored[0], topicId: stored[1] }, topicId, { topic: 't', partition: 0, earliest, end })

describe('issue 17.21: gapBefore', () => {
  it('returns null for any offset from the first record to the end', () => {
    for (const nextOffset of [3n, 5n, 9n]) expect(gap([nextOffset, 'id'], 'id', 3n, 9n)).toBeNull()
  })

  it('returns the records that retention has deleted', () => {
    expect(gap([3n, 'id'], 'id', 7n, 9n)).toMatchObject({ kind: 'retention', missed: 4n, next: { nextOffset: 7n } })
    expect(gap([3n, 'id'], 'id', 9n, 9n)).toMatchObject({ kind: 'retention', missed: 6n })
  })

  it('returns a recreated topic, for any offsets of the new one', () => {
    const next = { nextOffset: 0n, topicId: 'new' }
    for (const end of [0n, 3n, 20n]) {
      expect(gap([3n, 'old'], 'new', 0n, end)).toMatchObject({ kind: 'recreated', missed: 0n, next })
    }
    expect(gap([3n, 'old'], 'new', 2n, 20n)).toMatchObject({ kind: 'recreated', missed: 2n })
  })

  it('compares only offsets if the broker has no topic ids', () => {
    expect(gap([3n, null], null, 0n, 9n)).toBeNull()
    expect(gap([3n, 'id'], null, 4n, 9n)).toMatchObject({ kind: 'retention', next: { topicId: 'id' } })
  })

  it('throws OffsetBeyondLog if the same topic ends before the stored offset', () => {
    expect(() => gap([10n, 'id'], 'id', 0n, 9n)).toThrow(OffsetBeyondLog)
  })

  it('names a fix of OffsetBeyondLog that leaves the other partitions and the counts as they are (it deleted the rows of the topic)', () => {
    expect(() => gap([10n, 'id'], 'id', 0n, 9n)).toThrow(/set next_offset of this partition in outflow\.offsets to 0/)
    expect(gap([0n, 'id'], 'id', 0n, 9n)).toBeNull()
  })
})

describe('startsOf', () => {
  const context = (log: { readonly low: string; readonly high: () => bigint }, positions: Partial<PositionStore>) => {
    const requests: string[] = []
    const admin = {
      connect: async () => void requests.push('connect'),
      disconnect: async () => {},
      fetchTopicOffsets: async () => {
        const high = String(log.high())
        return [0, 1].map((partition) => ({ partition, low: log.low, high }))
      },
    }
    return {
      requests,
      kafka: { kafkajs: { admin: () => admin } } as unknown as KafkaConnection,
      topicIds: { read: async () => 'id', close: async () => {} },
      options: { from: 'earliest', positions: { ...positionsInMemory(), ...positions } } as const,
    }
  }

  it('issue 23: returns the stored position, even while another member writes', async () => {
    // After each response new records arrive, and the other member writes them.
    let end = 5n
    const afterwards = <T>(answer: T): T => {
      end += 5n
      return answer
    }
    const own = context(
      { low: '0', high: () => afterwards(end) },
      { read: async () => afterwards(new Map([[0, { nextOffset: end, topicId: 'id' }]])) },
    )
    const starts = await startsOf(own, { topic: 't', partitions: [0] })
    expect(starts.get(0)).toEqual({ nextOffset: 5n, topicId: 'id' })
  })

  it('reads the ends of the log once for all partitions, and skips the gap of each', async () => {
    const positions = positionsInMemory()
    const stored = [3n, 8n].map((nextOffset, partition) => [partition, { nextOffset, topicId: 'id' }] as const)
    await positions.begin('t', new Map(stored))
    const gaps: Gap[] = []
    const own = context({ low: '5', high: () => 9n }, positions)
    const options = { ...own.options, hooks: { missed: (gap: Gap) => void gaps.push(gap) } }
    const starts = await startsOf({ ...own, options }, { topic: 't', partitions: [0, 1] })
    expect([...starts.values()].map(({ nextOffset }) => nextOffset)).toEqual([5n, 8n])
    expect(gaps).toMatchObject([{ partition: 0, missed: 2n }])
    // Once more after the gap.
    expect(own.requests).toEqual(['connect', 'connect'])
  })

  it('throws a retryable error for a partition that the topic does not have', async () => {
    const begin = vi
      .fn(async () => {})
      .mockResolvedValueOnce()
      .mockRejectedValue(new Error('begun again'))
    const own = context({ low: '0', high: () => 9n }, { begin })
    await expect(startsOf(own, { topic: 't', partitions: [2] })).rejects.toThrow(BrokerUnavailable)
  })
})
