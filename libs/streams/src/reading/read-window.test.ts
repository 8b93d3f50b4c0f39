import type { Admin } from 'kafkajs'
import { expect, it } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { countWindow } from './read-window.js'

it('counts a partition that is added between the two requests from its first record (it threw a TypeError)', async () => {
  const admin: Partial<Admin> = {
    connect: async () => {},
    disconnect: async () => {},
    fetchTopicOffsetsByTimestamp: async () => [{ partition: 0, offset: '4' }],
    fetchTopicOffsets: async () => [
      { partition: 0, offset: '10', high: '10', low: '0' },
      { partition: 1, offset: '5', high: '5', low: '2' },
    ],
  }
  const kafka = { kafkajs: { admin: () => admin } } as unknown as KafkaConnection

  expect(await countWindow(kafka, { topics: ['orders'], fromMs: 1 })).toBe(9)
})
