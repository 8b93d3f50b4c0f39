import type { TrainedDetector } from '@outflow/detector'
import { partitionCounters } from '@outflow/store/batch'
import { beforeAll, expect, test } from 'vitest'
import { pool, url } from '../support/a-pool.js'
import { aConfigFile } from '../support/config-file.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import {
  isSound,
  PARCEL_ALERT_RATE,
  PARCEL_FEATURES,
  PARCEL_MODEL,
  type ParcelMessage,
  parcelMessages,
} from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { storeActive } from '../support/stored-model.js'
import { sendMessages } from '../support/topic-writer.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

interface Made {
  readonly name: string
  readonly configFile: string
}

/** A pipeline with a model, on its own topics. */
async function aPipeline(topics: readonly string[]): Promise<Made> {
  const name = aName('pipeline')
  const configFile = await aConfigFile({
    pipeline: name,
    kafka: { brokers: kafkaBrokers() },
    postgres: { url },
    source: { topics, tombstones: 'reject' },
    features: PARCEL_FEATURES,
    model: PARCEL_MODEL,
    detection: { alertRate: PARCEL_ALERT_RATE },
    http: { ports: { ingest: 0 } },
  })
  await storeActive(pool, name, model)
  return { name, configFile }
}

/** By topic: numbers of received, scored and rejected records. */
async function countsOf({ name }: Made): Promise<Record<string, [number, number, number]>> {
  const counts: Record<string, [number, number, number]> = {}
  for (const { topic, received, scored, rejected } of await partitionCounters(pool, name)) {
    const [r, s, j] = counts[topic] ?? [0, 0, 0]
    counts[topic] = [r + received, s + scored, j + rejected]
  }
  return counts
}

function dueOf(messages: readonly ParcelMessage[]): [number, number, number] {
  const sound = messages.filter(isSound).length
  return [messages.length, sound, messages.length - sound]
}

test('two pipelines in one process, one of them over two topics: every record of every topic counts once', async () => {
  const topics = await Promise.all([aTopic({ partitions: 3 }), aTopic({ partitions: 2 }), aTopic()])
  const [first, second, other] = topics as [string, string, string]
  const messages = [1_100, 700, 400].map((count, seed) => nextOf(parcelMessages(seed), count))
  await Promise.all(topics.map((topic, index) => sendMessages(kafkaBrokers(), topic, messages[index]!)))
  const both = await aPipeline([first, second])
  const single = await aPipeline([other])

  const service = startService('ingest', both.configFile, single.configFile)
  const due = { [first]: dueOf(messages[0]!), [second]: dueOf(messages[1]!) }
  const isDone = async ({ name }: Made, count: number) =>
    (await partitionCounters(pool, name)).reduce((sum, { received }) => sum + received, 0) >= count
  await eventually(async () => (await isDone(both, 1_800)) && (await isDone(single, 400)), { what: 'all are counted' })

  expect(await countsOf(both)).toEqual(due)
  expect(await countsOf(single)).toEqual({ [other]: dueOf(messages[2]!) })
  const { address } = await service.logged('health and metrics served')
  expect(await (await fetch(`${address}/readyz`)).json()).toMatchObject({
    ready: true,
    pipelines: { [both.name]: { ready: true }, [single.name]: { ready: true } },
  })
  const text = await (await fetch(`${address}/metrics`)).text()
  expect(text).toContain(`outflow_records_total{topic="${second}",pipeline="${both.name}"} 700`)
  expect(text).toContain(`outflow_records_total{topic="${other}",pipeline="${single.name}"} 400`)
  expect(text.match(/^# TYPE outflow_records_total /gm)).toHaveLength(1)
  expect(await service.terminate()).toMatchObject({ code: 0 })
})
