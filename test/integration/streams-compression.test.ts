import { makeKafka, positionsInMemory, readWindow } from '@outflow/streams'
import { deliveries } from '@outflow/streams/deliveries'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { aGroup, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { sendMessages } from '../support/topic-writer.js'

/**
 * With a topic's `compression.type`, the broker compresses every batch again with Kafka's own codecs: the reader is tested with
 * another implementation's batches.
 */

const kafka = () => makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })
const VALUES = Array.from(
  { length: 3_000 },
  (_, n) => `{"n":${n},"text":"${'ab'.repeat(n % 60)}","noise":${Math.sin(n)}}`,
)

test.each(['gzip', 'snappy', 'lz4', 'zstd'])('records of %s batches are read as they were written', async (codec) => {
  const topic = await aTopic({ settings: { 'compression.type': codec } })
  await sendMessages(
    kafkaBrokers(),
    topic,
    VALUES.map((value) => ({ key: null, value })),
  )

  expect(await delivered(topic)).toEqual(VALUES)
  const window = await readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 10_000, seed: 1 })
  expect(window.records.map(({ value }) => String(value))).toEqual(VALUES)
})

async function delivered(topic: string): Promise<readonly string[]> {
  const read: string[] = []
  const abort = new AbortController()
  const completed = new Promise<void>((complete, error) => {
    deliveries(kafka(), {
      groupId: aGroup(),
      topics: [topic],
      from: 'earliest',
      positions: positionsInMemory(),
      signal: abort.signal,
    }).subscribe({
      next: (delivery) => {
        read.push(...Array.from(delivery.records, ({ value }) => String(value)))
        delivery.acknowledge()
      },
      error,
      complete,
    })
  })
  await Promise.race([completed, eventually(() => read.length >= VALUES.length, { what: 'all records are delivered' })])
  abort.abort()
  await completed
  return read
}
