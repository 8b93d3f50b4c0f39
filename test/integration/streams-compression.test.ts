import { type Delivery, readWindow } from '@outflow/streams'
import { expect, test } from 'vitest'
import { kafka, readAndLeave } from '../support/counting-member.js'
import { aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { sendMessages } from '../support/topic-writer.js'

/**
 * With a topic's `compression.type`, the broker compresses every batch again with Kafka's own codecs: the reader is tested with
 * another implementation's batches.
 */

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

  const delivered: string[] = []
  const work = async ({ records }: Delivery) => {
    delivered.push(...Array.from(records, ({ value }) => String(value)))
  }
  await readAndLeave({ topic, work }, VALUES.length)
  expect(delivered).toEqual(VALUES)
  const window = await readWindow(kafka(), { topics: [topic], fromMs: 0, maxRows: 10_000, seed: 1 })
  expect(window.records.map(({ value }) => String(value))).toEqual(VALUES)
})
