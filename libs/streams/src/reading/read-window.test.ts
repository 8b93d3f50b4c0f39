import type { Admin } from 'kafkajs'
import { expect, it } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { countWindow, scanOffsets } from './read-window.js'

function kafkaWith(offsets: Partial<Admin>): KafkaConnection {
  const admin: Partial<Admin> = { connect: async () => {}, disconnect: async () => {}, ...offsets }
  return { kafkajs: { admin: () => admin } } as unknown as KafkaConnection
}

it('counts a partition that is added between the two requests from its first record (it threw a TypeError)', async () => {
  const kafka = kafkaWith({
    fetchTopicOffsetsByTimestamp: async () => [{ partition: 0, offset: '4' }],
    fetchTopicOffsets: async () => [
      { partition: 0, offset: '10', high: '10', low: '0' },
      { partition: 1, offset: '5', high: '5', low: '2' },
    ],
  })

  expect(await countWindow(kafka, { topics: ['orders'], fromMs: 1 })).toBe(9)
})

it('reads no record of a partition that the topic no longer has (it waited 20 seconds for one)', async () => {
  const kafka = kafkaWith({ fetchTopicOffsets: async () => [{ partition: 0, offset: '10', high: '10', low: '0' }] })
  const range = { topic: 'orders', partition: 1, from: 0n, to: 5n }

  expect(await scanOffsets(kafka, range, async () => {})).toEqual({ isCutShort: true })
})
