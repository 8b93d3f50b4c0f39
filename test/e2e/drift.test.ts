import type { Fields } from '@outflow/records/fields'
import { loadModel } from '@outflow/store/models'
import { listFits } from '@outflow/store/training'
import { expect, test } from 'vitest'
import { untilAllStored } from '../support/audit.js'
import { nextOf } from '../support/feed.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import {
  fitParcelModel,
  isSound,
  PARCEL_ALERT_RATE,
  type Parcel,
  type ParcelMessage,
  parcelMessages,
} from '../support/parcels.js'
import { startService } from '../support/service-process.js'

const MINUTE_MS = 60_000
const A_MINUTE = 150
/** A scale at the depots was reset and shows three times the weight: far outside the variation of parcels of a size. */
const TOO_HEAVY = 3
/** The default. A model fitted in the fewer steps of other tests is too coarse to show the shift. */
const FULL_FIT_STEPS = 2_000

test('a shift raises an alarm, and a model is fitted to the records since the shift, long before the schedule', async () => {
  const messages = parcelMessages(47)
  // The fit includes odd parcels, which would otherwise raise the alarm.
  const model = await fitParcelModel(1, () => fieldsOf(nextOf(messages, 3_000)), { maxSteps: FULL_FIT_STEPS })
  const training = { every: '7d', minRows: 1_000, niceness: 0 }
  const pipeline = await aParcelPipeline({ model, training })
  const ingest = startService('ingest', pipeline.configFile)
  const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS
  const shiftedMs = now - 10 * MINUTE_MS
  for (let ago = 40; ago > 0; ago--) {
    const minute = nextOf(messages, A_MINUTE).map((message) => (ago > 10 ? message : heavier(message)))
    await send(pipeline, minute, now - ago * MINUTE_MS)
  }
  await untilAllStored(pipeline)

  const trainer = startService('trainer', pipeline.configFile)
  const alarm = await trainer.logged('drift found')
  expect(alarm).toMatchObject({ modelId: model.metadata.modelId, fields: [{ field: 'grams' }, {}, {}] })
  expect(Math.abs(Date.parse(alarm.changedAt as string) - shiftedMs)).toBeLessThanOrEqual(3 * MINUTE_MS)
  const { modelId } = await trainer.logged('model promoted')
  await ingest.logged('model served', { modelId })
  const [fit] = await listFits(pipeline.pool, { pipeline: pipeline.name })
  expect(fit).toMatchObject({ because: 'drift', state: 'promoted', modelId })
  const { metadata } = await loadModel(pipeline.pool, { pipeline: pipeline.name, id: modelId as string })
  expect(Date.parse(metadata!.window!.from)).toBeGreaterThanOrEqual(Date.parse(alarm.changedAt as string))

  await send(pipeline, nextOf(messages, 2_000).map(heavier), Date.now())
  await untilAllStored(pipeline)
  expect(fit!.report.gate!.gain.lower).toBeGreaterThan(0.2)
  // A hundredth of the stream is odd, and a hundredth of the rest may be anomalies.
  expect(await anomalyShare(pipeline, modelId as string, now)).toBeLessThan(4 * PARCEL_ALERT_RATE)
})

function fieldsOf(messages: readonly ParcelMessage[]): Fields[] {
  return messages.filter(isSound).map(({ value }) => {
    const { kind, grams, millimetres } = JSON.parse(String(value)) as Parcel
    return { numbers: [grams, millimetres], categories: [kind] }
  })
}

function heavier(message: ParcelMessage): ParcelMessage {
  if (!isSound(message)) return message
  const parcel = JSON.parse(String(message.value)) as Parcel
  return { ...message, value: Buffer.from(JSON.stringify({ ...parcel, grams: parcel.grams * TOO_HEAVY })) }
}

const send = (pipeline: ParcelPipeline, messages: readonly ParcelMessage[], timestampMs: number) =>
  pipeline.send(messages.map((message) => ({ ...message, timestampMs })))

async function anomalyShare({ pool }: ParcelPipeline, modelId: string, fromMs: number): Promise<number> {
  const { rows } = await pool.query<{ share: number }>(
    `select sum(anomalies)::float8 / sum(scored)::float8 as share from outflow.score_statistics
     where model_id = $1 and minute >= $2`,
    [modelId, new Date(fromMs)],
  )
  return rows[0]!.share
}
