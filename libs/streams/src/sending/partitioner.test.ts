import fc from 'fast-check'
import { Partitioners } from 'kafkajs'
import { expect, test } from 'vitest'
import { BrokerUnavailable } from '../errors.js'
import { placeOnce } from './partitioner.js'

const TOPIC = {
  topic: 'flights.alerts',
  partitionMetadata: [0, 1, 2, 3].map((partitionId) => ({
    ...{ partitionId, partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] },
  })),
}

test('issue 23: a message without a key gets the same partition when its request is repeated', () => {
  const partitionOf = placeOnce()
  const messages = Array.from({ length: 8 }, () => ({ key: null, value: 'late' }))
  const first = messages.map((message) => partitionOf({ ...TOPIC, message }))
  expect(new Set(first).size).toBe(4)
  expect(messages.map((message) => partitionOf({ ...TOPIC, message }))).toEqual(first)
})

test('a message whose partition is gone when its request is repeated is an error (kafkajs dropped it)', () => {
  const partitionOf = placeOnce()
  const message = { key: null, value: 'late', partition: 3 }
  expect(partitionOf({ ...TOPIC, message })).toBe(3)
  const fewer = { ...TOPIC, partitionMetadata: TOPIC.partitionMetadata.slice(0, 2) }
  expect(() => partitionOf({ ...fewer, message })).toThrow(BrokerUnavailable)
})

test('a message gets its partition; if the topic lacks it, that of its key', () => {
  const partitionOf = placeOnce()
  const placed = (partition?: number) =>
    partitionOf({ ...TOPIC, message: { key: 'LAX', value: 'late', ...(partition !== undefined && { partition }) } })
  expect([0, 1, 2, 3].map(placed)).toEqual([0, 1, 2, 3])
  expect(placed(4)).toBe(placed())
})

test('a key gets the partition that kafkajs gives it', () => {
  const [partitionOf, partitionByKafkajs] = [placeOnce(), Partitioners.DefaultPartitioner()]
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const key = Buffer.from(bytes)
      const placed = partitionOf({ ...TOPIC, message: { key, value: 'late' } })
      expect(placed).toBe(partitionByKafkajs({ ...TOPIC, message: { key, value: 'late' } }))
    }),
    { seed: 1 },
  )
})

test('a message with a key of 1 MiB is placed (with the quadratic hash of kafkajs it took minutes)', () => {
  expect(placeOnce()({ ...TOPIC, message: { key: Buffer.alloc(1_048_576, 'k'), value: 'late' } })).toBeLessThan(4)
})
