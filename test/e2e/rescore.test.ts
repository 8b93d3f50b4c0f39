import { readFile, writeFile } from 'node:fs/promises'
import type { TrainedDetector } from '@outflow/detector'
import { writeBatch } from '@outflow/store/batch'
import { beforeAll, expect, test } from 'vitest'
import { beginPartition, NO_ROWS } from '../support/begin-partition.js'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { parcelModel, windowedParcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { PARCEL_FEATURES, parcelMessages, WINDOWED_PARCEL_FEATURES } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { readCommitted, readTopic } from '../support/topic-reader.js'

let model: TrainedDetector
beforeAll(async () => {
  model = await parcelModel()
})

/** Runs a command of the pipeline and returns the JSON that it prints. */
async function runForJson(pipeline: ParcelPipeline, args: readonly string[], stdin = '') {
  const ran = await callOutflow([...args, '--json', '--config', pipeline.configFile], { stdin })
  expect(ran.stderr + ran.stdout, args.join(' ')).not.toMatch(/^outflow: /)
  expect(ran.code, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout)
}

async function count(pipeline: ParcelPipeline, sql: string): Promise<number> {
  const { rows } = await pipeline.pool.query(`select count(*)::int as count from ${sql}`)
  return (rows[0] as { readonly count: number }).count
}

async function withChange({ configFile }: ParcelPipeline, change: object): Promise<void> {
  const config = JSON.parse(await readFile(configFile, 'utf8'))
  await writeFile(configFile, JSON.stringify({ ...config, ...change }))
}

test('issue 17.10: a past range is rescored, every alert that is sent can be opened, and rejected records are resent, each once', async () => {
  const pipeline = await aParcelPipeline({ model })
  const ingest = startService('ingest', pipeline.configFile)
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(21, { perSecond: 2_000 })
  await pipeline.untilStoredMore(4_000)
  await feed.stop()
  const produced = (await readTopic(pipeline.brokers, pipeline.topics.source)).length
  await pipeline.untilStored(produced)
  const [anomalies, rejected] = [
    await count(pipeline, 'outflow.anomalies'),
    await count(pipeline, 'outflow.dead_letters'),
  ]

  // The same model and rate give the same decisions.
  const same = await runForJson(pipeline, ['rescore', '--from', '1h'])
  expect(same).toMatchObject({
    records: produced,
    rejected,
    anomaliesThen: anomalies,
    anomaliesNow: anomalies,
    newAnomalies: 0,
    noLongerAnomalies: 0,
    notScoredThen: 0,
    alerts: 0,
  })
  await withChange(pipeline, { detection: { alertRate: 0.0005 } })
  const stricter = await runForJson(pipeline, [
    'rescore',
    '--from',
    '1h',
    '--model',
    model.metadata.modelId.slice(0, 8),
  ])
  expect(stricter.noLongerAnomalies).toBeGreaterThan(0)
  expect(stricter.newAnomalies).toBe(0)
  await withChange(pipeline, { detection: { alertRate: 0.03 } })
  const looser = await runForJson(pipeline, ['rescore', '--from', '1h', '--send-alerts', '--limit', '3'])
  expect(looser.newAnomalies).toBeGreaterThan(0)
  expect(looser).toMatchObject({ noLongerAnomalies: 0, alerts: looser.newAnomalies })
  expect(looser.newly).toHaveLength(3)
  expect(await runForJson(pipeline, ['rescore', '--from', '1h', '--send-alerts'])).toMatchObject({
    anomaliesThen: anomalies,
    newAnomalies: looser.newAnomalies,
    alerts: 0,
  })
  await untilOutboxIsEmpty(pipeline.pool)
  const alerts = await readCommitted(pipeline.brokers, pipeline.topics.alerts)
  expect(new Set(alerts.map(({ value }) => JSON.parse(String(value)).id)).size).toBe(anomalies + looser.newAnomalies)
  expect(alerts).toHaveLength(anomalies + looser.newAnomalies)
  // Issue 17.10: every alert can be opened.
  const opened = await pipeline.pool.query(
    `select pipeline || '/' || topic || '/' || partition || '/' || "offset" as id from analyst.anomalies`,
  )
  expect(opened.rows.map(({ id }) => id).toSorted()).toEqual(
    alerts.map(({ value }) => JSON.parse(String(value)).id).toSorted(),
  )
  expect(await count(pipeline, 'analyst.anomalies where rescored')).toBe(looser.newAnomalies)
  const [{ id }] = looser.newly
  expect(await runForJson(pipeline, ['explain', '--anomaly', id])).toMatchObject({
    rescored: true,
    reasons: expect.arrayContaining([expect.objectContaining({ text: expect.any(String) })]),
  })

  const listed = await callOutflow(['dead-letters', 'list', '--json', '--config', pipeline.configFile])
  const letters = listed.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(letters).toHaveLength(rejected)
  const newest = await callOutflow(['dead-letters', 'list', '--limit', '1', '--config', pipeline.configFile])
  expect(newest.stderr).toContain('these are the newest 1; more: --limit')
  const wrong = letters.find(({ reason }: { reason: string }) => reason === 'wrong_type')
  const shown = await runForJson(pipeline, ['dead-letters', 'show', wrong.position])
  const value = Buffer.from(shown.original.value, 'base64').toString()
  expect(JSON.parse(value)).toMatchObject({ grams: 'heavy' })
  expect(Buffer.from(shown.original.key, 'base64').toString()).toMatch(/^depot-/)
  expect(shown.original.headers).toEqual([['truth', Buffer.from('wrong_type').toString('base64')]])
  expect(shown.now).toMatch(/^wrong_type/)

  // Records that are still invalid are not resent.
  const still = await runForJson(pipeline, ['dead-letters', 'resend', '--reason', 'wrong_type'])
  expect(still).toMatchObject({ queued: [], before: [], gone: [] })
  expect(still.stillInvalid.length).toBeGreaterThan(0)

  const corrected = value.replace('"heavy"', '2000')
  const resend = ['dead-letters', 'resend', wrong.position, '--with', '-']
  expect(await runForJson(pipeline, resend, `${corrected}\n`)).toMatchObject({
    queued: [wrong.position],
    stillInvalid: [],
  })
  expect(await runForJson(pipeline, resend, `${corrected}\n`)).toMatchObject({ queued: [], before: [wrong.position] })
  // Unless it is named, a dead letter that was resent is not selected again (a limit never reached older ones).
  const others = await runForJson(pipeline, ['dead-letters', 'resend', '--reason', 'wrong_type'])
  expect(others).toMatchObject({
    before: [],
    stillInvalid: still.stillInvalid.filter(({ position }: typeof wrong) => position !== wrong.position),
  })
  await eventually(
    async () => {
      const { rows } = await pipeline.pool.query('select sum(received)::int as received from outflow.offsets')
      return (rows[0] as { readonly received: number }).received === produced + 1
    },
    { what: 'the corrected record is counted' },
  )
  await ingest.kill()
  // Read as committed data: a transaction ends with a marker at an offset of its own.
  const again = (await readCommitted(pipeline.brokers, pipeline.topics.source)).filter(
    (record) => 'outflow.resent' in record.headers,
  )
  expect(again.map((record) => [String(record.value), String(record.key)])).toEqual([
    [corrected, Buffer.from(shown.original.key, 'base64').toString()],
  ])
  expect(await count(pipeline, 'outflow.dead_letters')).toBe(rejected)
})

test('a model is rescored with its own windowed features after they were changed (they were missing, and normal records became anomalies)', async () => {
  const pipeline = await aParcelPipeline({ model: await windowedParcelModel(), features: WINDOWED_PARCEL_FEATURES })
  await pipeline.send(nextOf(parcelMessages(21), 1_000))
  const before = await runForJson(pipeline, ['rescore', '--from', '1h'])
  await withChange(pipeline, { features: PARCEL_FEATURES })
  const after = await runForJson(pipeline, ['rescore', '--from', '1h'])
  expect(before.scored).toBeGreaterThan(900)
  expect(after).toEqual({ ...before, from: after.from, to: after.to })
})

test('issue 17.9, 17.26: an anomaly without stored reasons is explained with its model, and its record cannot control the terminal', async () => {
  const pipeline = await aParcelPipeline({ model })
  const time = Date.now()
  await beginPartition(pipeline.pool, { pipeline: pipeline.name, topic: pipeline.topics.source })
  await writeBatch(pipeline.pool, {
    ...{ ...NO_ROWS, pipeline: pipeline.name, topic: pipeline.topics.source, partition: 0 },
    ...{ expectedOffset: 0n, nextOffset: 1n, received: 1, scored: 1 },
    anomalies: [
      {
        ...{ offset: 0n, recordTimeMs: time, eventTimeMs: time, entityKey: null, modelId: model.metadata.modelId },
        record: { kind: 'letter\u001b[2J\n\u202E', grams: 90_000, millimetres: 220 },
        ...{ nll: 1e9, pValue: 0.0001, severity: 'high', pUpper: 0.002, missing: [] },
      },
    ],
  })
  const explain = ['explain', '--anomaly', `${pipeline.name}/${pipeline.topics.source}/0/0`]
  const { reasons } = await runForJson(pipeline, explain)
  expect(reasons).not.toEqual([])
  const { stdout } = await callOutflow([...explain, '--config', pipeline.configFile])
  expect(stdout).toMatch(/100 % {2}kind letter.* was never seen before/)
  expect(stdout).not.toMatch(/\p{Bidi_Control}|[^\P{Cc}\n]/u)

  await pipeline.pool.query(`update outflow.anomalies set model_id = 'gone'`)
  const { stderr } = await callOutflow([...explain, '--config', pipeline.configFile])
  expect(stderr).toContain('no reasons can be computed: model gone')
})
