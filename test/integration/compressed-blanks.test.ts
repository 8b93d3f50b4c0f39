import { partitionCounters } from '@outflow/store/batch'
import { rejectionsSince } from '@outflow/store/dead-letters'
import { CompressionTypes, type Message } from 'kafkajs'
import { expect, test } from 'vitest'
import { usageOf } from '../bench/ingest/processes.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { plainKafka } from '../support/kafkajs.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { isSound, type ParcelMessage, parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { readCommitted, type SeenRecord } from '../support/topic-reader.js'

const MIB = 1024 ** 2
const ORDINARY = 400

test('issue 17.19: of a batch that expands to 110 MiB one record is rejected; the records around it are scored once, and alerts after it are sent', async () => {
  const { name, brokers, topics, pool, configFile } = await aParcelPipeline({ model: await parcelModel() })
  const kafka = plainKafka(brokers)
  const producer = kafka.producer()
  await producer.connect()
  const send = (messages: readonly Message[], compression = CompressionTypes.None) =>
    producer.send({ topic: topics.source, messages: messages.map((own) => ({ ...own, partition: 0 })), compression })
  const parcels = parcelMessages(1)
  const ordinary = () => toMessages(nextOf(sound(parcels), ORDINARY))

  await send(ordinary(), CompressionTypes.GZIP)
  await send([{ key: 'blanks', value: ' '.repeat(110 * MIB) }], CompressionTypes.GZIP)
  await send(ordinary())
  await send([{ key: 'large', value: ' '.repeat(5 * MIB) }], CompressionTypes.GZIP)
  await send(ordinary(), CompressionTypes.GZIP)
  await producer.disconnect()

  const [ingest] = [startService('ingest', configFile), startService('alerts', configFile)]
  const total = 3 * ORDINARY + 2
  const counts = async () => (await partitionCounters(pool, name)).find(({ partition }) => partition === 0)
  await eventually(async () => (await counts())?.received === total, { what: `${total} records are counted` })
  expect(await counts()).toMatchObject({ scored: 3 * ORDINARY, rejected: 2 })
  expect(await rejectionsSince(pool, { pipeline: name, since: new Date(0) })).toMatchObject([
    { reason: 'too_large', count: 2 },
  ])

  await untilOutboxIsEmpty(pool)
  // A record without a key may be in any partition of the topic.
  const letters = (await readCommitted(brokers, topics.deadLetters)).toSorted((a, b) => offsetOf(a) - offsetOf(b))
  expect(letters.map(offsetOf)).toEqual([ORDINARY, 2 * ORDINARY + 1])
  expect(letters[0]).toMatchObject({ key: null, value: null })
  expect(String(letters[0]!.headers['outflow.withheld'])).toContain(`offsets ${ORDINARY} to ${ORDINARY} has more`)
  expect(letters[1]!.value!.length).toBeLessThan(1_000_000)
  expect(Number(letters[1]!.headers['outflow.value-bytes'])).toBe(5 * MIB)

  const alerts = await readCommitted(brokers, topics.alerts)
  const offsets = alerts.map(({ value }) => Number(JSON.parse(String(value)).data.offset))
  expect(new Set(offsets).size).toBe(offsets.length)
  expect(Math.min(...offsets)).toBeLessThan(ORDINARY)
  expect(Math.max(...offsets)).toBeGreaterThan(2 * ORDINARY + 1)
  expect(usageOf(ingest!.pid).peakResidentBytes / MIB).toBeLessThan(600)
})

/** Position of the rejected record. */
const offsetOf = ({ headers }: SeenRecord) => Number(headers['outflow.offset'])

function* sound(messages: Iterator<ParcelMessage>): Generator<ParcelMessage, never> {
  for (;;) {
    const { value } = messages.next()
    if (isSound(value)) yield value
  }
}

function toMessages(parcels: readonly ParcelMessage[]): Message[] {
  return parcels.map(({ key, value, truth }) => ({ key, value, headers: { truth } }))
}
