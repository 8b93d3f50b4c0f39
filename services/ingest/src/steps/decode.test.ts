import { expect, test } from 'vitest'
import { aDelivery, aKafkaRecord } from '../test-builders.js'
import { decodeWith } from './decode.js'

const decode = decodeWith({ maxRecordBytes: 64, now: () => 7 })

test('records and rejects of a delivery are parted, each with its source', () => {
  const records = [aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, Buffer.from('{')), aKafkaRecord(2, null)]
  const batch = decode(aDelivery(records))
  expect(batch.records).toEqual([{ source: records[0], record: { delay: 1 } }])
  expect(batch.rejected.map(({ source, rejection }) => [source, rejection.reason])).toEqual([
    [records[1], 'undecodable'],
    [records[2], 'empty'],
  ])
  expect(batch.startedAtMs).toBe(7)
})

test('a record larger than allowed is rejected', () => {
  const batch = decode(aDelivery([aKafkaRecord(0, { text: 'x'.repeat(100) })]))
  expect(batch.rejected[0]?.rejection.reason).toBe('too_large')
})
