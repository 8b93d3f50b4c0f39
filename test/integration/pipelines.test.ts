import { partitionCounters } from '@outflow/store/batch'
import { expect, test } from 'vitest'
import { url } from '../support/a-pool.js'
import { nextOf } from '../support/feed.js'
import { aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { isSound, type ParcelMessage, parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { sendMessages } from '../support/topic-writer.js'

/** By topic: numbers of received, scored and rejected records. */
async function countsByTopic({ pool, name }: ParcelPipeline): Promise<Record<string, [number, number, number]>> {
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
  const options = { model: await parcelModel(), databaseUrl: url }
  const both = await aParcelPipeline({ ...options, source: { topics: [first, second] } })
  const single = await aParcelPipeline({ ...options, source: { topics: [other] } })

  const service = startService('ingest', both.configFile, single.configFile)
  const due = { [first]: dueOf(messages[0]!), [second]: dueOf(messages[1]!) }
  await both.untilStored(1_800)
  await single.untilStored(400)

  expect(await countsByTopic(both)).toEqual(due)
  expect(await countsByTopic(single)).toEqual({ [other]: dueOf(messages[2]!) })
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
