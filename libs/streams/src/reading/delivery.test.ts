import type { Batch } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { copyRecord, toDelivery } from './delivery.js'

const message = (offset: string) => ({ offset, timestamp: '-1', key: null, value: Buffer.from('v'), attributes: 0 })
const batch = {
  topic: 't',
  partition: 2,
  highWatermark: '9007199254740999',
  messages: [message('9007199254740993'), message('9007199254740995')],
  // A transaction marker after the last record.
  lastOffset: () => '9007199254740996',
} as unknown as Batch

describe('toDelivery', () => {
  it('keeps offsets exact beyond 2^53, and includes the markers after the last record', () => {
    const { delivery } = toDelivery(batch, { nextOffset: 5n, topicId: 'a' })
    expect(delivery).toMatchObject({
      partitionKey: 't/2',
      expectedOffset: 5n,
      nextOffset: 9007199254740997n,
      highWatermark: 9007199254740999n,
    })
    expect(Array.from(delivery.records, ({ offset }) => offset)).toEqual([9007199254740993n, 9007199254740995n])
    expect(delivery.records.at(0)).toMatchObject({ timestampMs: -1, headers: {} })
  })

  it('has the records of each half at their own indices', () => {
    const { records } = toDelivery(batch, { nextOffset: 5n, topicId: 'a' }).delivery
    const [first, second] = [records.slice(0, 1), records.slice(1)]
    expect([first.length, first.at(0)?.offset, first.at(1)]).toEqual([1, 9007199254740993n, undefined])
    expect([second.length, second.at(0)?.offset, second.at(1)]).toEqual([1, 9007199254740995n, undefined])
  })

  it('ends by the first of its methods that is called', async () => {
    const { delivery, ended } = toDelivery(batch, { nextOffset: 5n, topicId: 'a' })
    delivery.acknowledge()
    delivery.fail(new Error('too late'))
    expect(await ended).toEqual({ kind: 'acknowledged' })
  })
})

it('a copied record does not keep its fetch response in memory', () => {
  const response = Buffer.from('key value header')
  const [key, value, header] = [response.subarray(0, 3), response.subarray(4, 9), response.subarray(10)]
  const at = { topic: 't', partition: 0, offset: 1n, timestampMs: 0 }
  const copied = copyRecord({ ...at, key, value, headers: [['h', header]] })
  response.fill('y')
  expect([copied.key, copied.value, copied.headers[0]![1]].map(String)).toEqual(['key', 'value', 'header'])
})
