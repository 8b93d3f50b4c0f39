import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { callOutflow } from '../support/call-outflow.js'
import { doctorFindings } from '../support/doctor-findings.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { onLoopback } from '../support/on-loopback.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { PARCEL_FEATURES, parcelMessages } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

const RECORDS = 1_500

test('issue 17.7: a path that no record has is reported by the trainer, status and doctor; 17.13: Node prints no warning', async () => {
  const pipeline = await aParcelPipeline({
    features: [...PARCEL_FEATURES, { path: '$.amout', type: 'numeric', optional: false }],
    training: { minRows: 1_000, niceness: 0 },
  })
  await pipeline.send(nextOf(parcelMessages(7), RECORDS))

  const all = startService('all', pipeline.configFile)
  const awaited = await all.logged('training rows awaited')
  expect(awaited).toMatchObject({ level: 'warn', rows: 0, missing: 1_000 })

  const why = /no model: training window: 1,500 records read, 1,500 rejected, for example: \$\.amout is absent/
  await untilStatusStates(pipeline, why)

  expect(await doctorFindings(pipeline.configFile)).toMatchObject({
    records: {
      ok: false,
      detail: expect.stringMatching(/^1,500 read, 1,500 would be dead letters; .*\$\.amout is absent from all/),
    },
    model: { detail: expect.stringContaining('$.amout is absent') },
  })

  await all.logged('console started')
  expect(await all.terminate()).toMatchObject({ code: 0 })
  expect(all.complaints.filter((line) => line.includes('Warning'))).toEqual([])
})

test('status states the failure of the schema registry that the trainer retries', async () => {
  const { url, close } = await onLoopback(createServer((_, response) => response.writeHead(503).end()))
  onTestFinished(close)
  const pipeline = await aParcelPipeline({
    source: { format: 'avro', registry: { url } },
    training: { minRows: 1_000, niceness: 0 },
  })
  await pipeline.send(new Array(RECORDS).fill({ key: null, value: Buffer.of(0, 0, 0, 0, 7, 1) }))
  const trainer = startService('trainer', pipeline.configFile)
  await trainer.logged('training failed')
  await untilStatusStates(pipeline, /no model: the trainer failed and retries: .*registry/)
})

test('status names changed features with which every record is rejected, while the earlier model scores', async () => {
  const pipeline = await aParcelPipeline({
    model: await parcelModel(),
    features: [...PARCEL_FEATURES, { path: '$.amout', type: 'numeric', optional: false }],
    training: { minRows: 1_000, niceness: 0 },
  })
  await pipeline.send(nextOf(parcelMessages(7), RECORDS))
  startService('trainer', pipeline.configFile)
  await untilStatusStates(
    pipeline,
    /: no model with the features of the configuration: training window: 1,500 records read, 1,500 rejected, .* \$\.amout is absent/,
  )
})

async function untilStatusStates({ configFile }: ParcelPipeline, remark: RegExp): Promise<void> {
  await eventually(async () => remark.test((await callOutflow(['status', '--config', configFile])).stdout), {
    what: `status states ${remark}`,
    everyMs: 1_000,
  })
}
