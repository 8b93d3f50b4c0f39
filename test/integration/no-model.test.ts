import { makeKafka, makeProducer } from '@outflow/streams'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { PARCEL_FEATURES, parcelMessages } from '../support/parcels.js'
import { runOutflow } from '../support/run-outflow.js'
import { startService } from '../support/service-process.js'

const RECORDS = 1_500

test('issue 17.7: a path that no record has is reported by the trainer, status and doctor; 17.13: Node prints no warning', async () => {
  const pipeline = await aParcelPipeline({
    features: [...PARCEL_FEATURES, { path: '$.amout', type: 'numeric', optional: false }],
    training: { minRows: 1_000, niceness: 0 },
  })
  const producer = await makeProducer(makeKafka({ brokers: pipeline.brokers, clientId: 'test' }))
  const messages = nextOf(parcelMessages(7), RECORDS).map(({ value }) => ({ value, key: null }))
  await producer.send(messages.map((message) => ({ topic: pipeline.topics.source, ...message })))
  await producer.close()

  const all = startService('all', pipeline.configFile)
  const awaited = await all.logged('training rows awaited')
  expect(awaited).toMatchObject({ level: 'warn', rows: 0, missing: 1_000 })

  const why = /no model: training window: 1,500 records read, 1,500 rejected, for example: \$\.amout is absent/
  await eventually(async () => why.test((await runOutflow(['status', '--config', pipeline.configFile])).stdout), {
    what: 'status states why there is no model',
    everyMs: 1_000,
  })

  const { code, stdout } = await runOutflow(['doctor', '--json', '--config', pipeline.configFile])
  const { findings } = JSON.parse(stdout) as { findings: { name: string; ok: boolean; detail: string }[] }
  expect(code).toBe(1)
  expect(findings.find(({ name }) => name === 'records')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^1,500 read, 1,500 would be dead letters; .*\$\.amout is absent from all$/),
  })
  expect(findings.find(({ name }) => name === 'model')?.detail).toContain('$.amout is absent')

  await all.logged('console started')
  expect(await all.terminate()).toMatchObject({ code: 0 })
  expect(all.complaints.filter((line) => line.includes('Warning'))).toEqual([])
})
