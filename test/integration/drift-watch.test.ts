import type { GateReport } from '@outflow/contracts'
import {
  type Detector,
  decide,
  openDetector,
  recalibrate,
  type TrainedDetector,
  trainDetector,
} from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import {
  activeModelId,
  latestDriftAlarm,
  latestRecalibration,
  listenForModels,
  listModelChanges,
  noteDriftAlarm,
  type StoredRecalibration,
} from '@outflow/store/models'
import { minuteScores } from '@outflow/store/statistics'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { TrainerTelemetry } from '../../services/trainer/src/telemetry.js'
import { watchScores } from '../../services/trainer/src/watch/watch-scores.js'
import { pool, url } from '../support/a-pool.js'
import { configWith } from '../support/config-with.js'
import { eventually } from '../support/eventually.js'
import { aName } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import { fitParcelModel, normalParcels, PARCEL_ALERT_RATE, PARCEL_FEATURES, PARCEL_MODEL } from '../support/parcels.js'
import { aGateReport } from '../support/reports.js'
import { storeActive } from '../support/stored-model.js'

const MINUTE_MS = 60_000
let model: TrainedDetector
let detector: Detector
beforeAll(async () => {
  model = await parcelModel()
  detector = await openDetector(model.artefact)
})
afterAll(() => detector.close())

test('issue 18: the guard accepts as many anomalies as the alertBudget allows', async () => {
  const budgeted = await fitParcelModel(3, undefined, { recordsPerDay: 1_000 })
  const own = await openDetector(budgeted.artefact)
  const records = normalParcels(800, 8).concat(heavier(normalParcels(200, 9), 30))
  for (const [detection, held] of [
    [{ alertBudget: '90/day' }, 0],
    [{ alertRate: PARCEL_ALERT_RATE }, 1],
  ] as const) {
    const pipeline = await aWatchedPipeline(detection)
    await pipeline.store(model)
    await pipeline.store(budgeted, { nllRange: [-100, 100] })
    for (let ago = 4; ago > 2; ago--) await pipeline.scored(own, records, ago)
    await pipeline.checkScores(records)
    expect(pipeline.telemetry.boundsExceeded).toHaveBeenCalledTimes(held)
  }
  await own.close()
})

test('the guard scores each model with its own features (after a change of features it kept a model that flooded)', async () => {
  const withoutLength = (records: readonly Fields[]) =>
    records.map(({ numbers: [grams], categories }): Fields => ({ numbers: [grams!], categories }))
  const earlier = await fitParcelModel(3, withoutLength, { features: PARCEL_FEATURES.slice(0, 2) })
  const records = normalParcels(1_000, 8).map(({ numbers: [grams, millimetres], categories }): Fields => {
    return { numbers: [grams!, 30 * millimetres!], categories }
  })
  const pipeline = await aWatchedPipeline()
  await pipeline.store(earlier)
  await pipeline.store(model)
  for (let ago = 4; ago > 2; ago--) await pipeline.scored(detector, records, ago)
  await pipeline.checkScores(async (_, features) => (features.length === 2 ? withoutLength(records) : records))
  expect(pipeline.telemetry.modelRolledBack).toHaveBeenCalledTimes(1)
})

/** Returns the record of a depot with these fields. */
const recordOf = ({ numbers: [grams, millimetres], categories: [kind] }: Fields) => ({ kind, grams, millimetres })

const heavier = (records: readonly Fields[], factor: number): Fields[] =>
  records.map(({ numbers: [grams, ...others], categories }) => ({ numbers: [grams! * factor, ...others], categories }))

async function aWatchedPipeline(detection: object = { alertRate: PARCEL_ALERT_RATE }) {
  const name = aName('watched')
  const config = configWith({
    pipeline: name,
    postgres: { url },
    source: { topics: [name] },
    features: PARCEL_FEATURES,
    model: PARCEL_MODEL,
    detection,
  })
  const telemetry = {
    driftWatched: vi.fn(),
    recalibrationWatched: vi.fn(),
    driftFound: vi.fn(),
    modelRecalibrated: vi.fn(),
    modelRolledBack: vi.fn(),
    boundsExceeded: vi.fn(),
  } as Partial<TrainerTelemetry> as TrainerTelemetry
  const models = { train: trainDetector, open: (artefact: Uint8Array) => openDetector(artefact) }
  return {
    name,
    telemetry,
    /** Checks the scores as a trainer that has just started does. */
    checkScores: (recent: readonly Fields[] | Parameters<typeof watchScores>[1]) =>
      watchScores({ config, pool, models, telemetry }, typeof recent === 'function' ? recent : async () => recent)(),
    store: (model: TrainedDetector, gate: Partial<GateReport> = {}) =>
      storeActive(pool, name, model, aGateReport(gate)),
    /** Stores scores and anomalies as ingest does, with a time in the past. */
    scored: async (by: Detector, records: readonly Fields[], minutesAgo: number, nowMs = Date.now()) => {
      const { nll, pValue } = await by.score(records)
      const time = nowMs - minutesAgo * MINUTE_MS
      const flags = decide(pValue, { alertRate: PARCEL_ALERT_RATE }).isAnomaly
      for (const minute of minuteScores(
        by.metadata.modelId,
        nll.map(() => time),
        nll,
        flags,
        pValue,
      )) {
        await pool.query(
          `insert into outflow.score_statistics
             (pipeline, minute, model_id, scored, anomalies, nll_min, nll_max, nll_sum, histogram, p_histogram)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
          [
            ...[name, new Date(minute.minuteMs), minute.modelId, minute.scored, minute.anomalies],
            ...[minute.nllMin, minute.nllMax, minute.nllSum, minute.histogram, minute.pHistogram],
          ],
        )
      }
      await pool.query(
        `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, record, nll, p_value,
                                        p_upper, severity, reasons, model_id)
         select $1, 'parcels', 0, $2 * 1000 + place, $3, $3, record, 20, 0.001, 0.002, 'high', '[]', $4
         from jsonb_array_elements($5) with ordinality as anomaly (record, place)`,
        [
          ...[name, minutesAgo, new Date(time), by.metadata.modelId],
          JSON.stringify(records.filter((_, index) => flags[index] === 1).map(recordOf)),
        ],
      )
    },
  }
}

test('scores that drift raise one alarm, with the changed field and the time, and none again when another trainer takes over', async () => {
  const pipeline = await aWatchedPipeline()
  await pipeline.store(model)
  for (let ago = 60; ago > 20; ago--) await pipeline.scored(detector, normalParcels(300, ago), ago)
  await pipeline.checkScores([])
  expect(await latestDriftAlarm(pool, { pipeline: pipeline.name })).toBeNull()
  expect(pipeline.telemetry.driftWatched).toHaveBeenCalledWith(expect.any(Number))

  for (let ago = 20; ago > 2; ago--) await pipeline.scored(detector, heavier(normalParcels(300, 100 + ago), 1.2), ago)
  const recent = heavier(normalParcels(2_000, 7), 1.2)
  for (let trainer = 1; trainer <= 2; trainer++) await pipeline.checkScores(recent)
  const alarm = await latestDriftAlarm(pool, { pipeline: pipeline.name })
  expect(alarm).toMatchObject({ modelId: model.metadata.modelId, chart: expect.stringMatching(/less likely|spread/) })
  expect(Math.abs(alarm!.changedAt.getTime() - (Date.now() - 20 * MINUTE_MS))).toBeLessThan(6 * MINUTE_MS)
  expect(alarm!.raisedAt.getTime() - alarm!.changedAt.getTime()).toBeLessThan(8 * MINUTE_MS)
  expect(alarm!.fields[0]).toMatchObject({ field: 'grams' })

  // An alarm of another model, which was active in between, made the trainer raise the same alarm every 15 s.
  await noteDriftAlarm(pool, { ...alarm!, pipeline: pipeline.name, modelId: 'another', raisedAt: new Date() })
  const reading = vi.fn(async () => recent)
  await pipeline.checkScores(reading)
  expect(reading).not.toHaveBeenCalled()
})

test('the scores of the records that a model was fitted to are no drift of it, and recalibrate nothing', async () => {
  // Before the fit, which takes minutes on a busy machine: all scores are those of the window.
  const nowMs = Date.now()
  const time = (minutesAgo: number) => new Date(nowMs - minutesAgo * MINUTE_MS).toISOString()
  const fitted = await fitParcelModel(3, undefined, { window: { from: time(40), to: time(2) } })
  const own = await openDetector(fitted.artefact)
  const pipeline = await aWatchedPipeline()
  await pipeline.store(fitted)
  for (let ago = 30; ago > 2; ago--) await pipeline.scored(own, heavier(normalParcels(300, ago), 1.2), ago, nowMs)
  await pipeline.checkScores(heavier(normalParcels(300, 7), 1.2))
  expect(await latestDriftAlarm(pool, { pipeline: pipeline.name })).toBeNull()
  expect(pipeline.telemetry.modelRecalibrated).not.toHaveBeenCalled()
  // The metric was 0 until the first recalibration of a trainer's run.
  expect(pipeline.telemetry.recalibrationWatched).toHaveBeenCalledWith(1)
  await own.close()
})

test('a burst of anomalies is not drift; the same share of records with a new value is drift of its field', async () => {
  const kind = (records: readonly Fields[], of: string) => records.map((record) => ({ ...record, categories: [of] }))
  const odd = [
    { found: null, as: (records: readonly Fields[]) => heavier(records, 40) },
    { found: 'new value', as: (records: readonly Fields[]) => kind(records, 'drum') },
  ]
  for (const { found, as } of odd) {
    const pipeline = await aWatchedPipeline()
    await pipeline.store(model)
    const minute = (ago: number) => {
      const records = normalParcels(1_000, ago)
      return ago > 4 ? records : [...records.slice(60), ...as(records.slice(0, 60))]
    }
    for (let ago = 20; ago > 1; ago--) await pipeline.scored(detector, minute(ago), ago)
    for (let trainer = 1; trainer <= 2; trainer++) await pipeline.checkScores(minute(2))
    const alarm = await latestDriftAlarm(pool, { pipeline: pipeline.name })
    expect(alarm?.chart ?? null).toBe(found)
    if (alarm === null) continue
    expect(alarm.fields[0]).toMatchObject({ field: 'kind' })
    expect(pipeline.telemetry.driftFound).toHaveBeenCalledTimes(1)
  }
})

test('between fits p-values are recalibrated to slow change: the listener is called, and the share of anomalies does not change', async () => {
  const pipeline = await aWatchedPipeline()
  await pipeline.store(model)
  const reported: StoredRecalibration[] = []
  const listening = listenForModels({
    url,
    pipeline: pipeline.name,
    onChange: () => {},
    onRecalibration: (recalibration) => reported.push(recalibration),
    pollMs: 60_000,
  })
  for (let ago = 17; ago > 1; ago--) await pipeline.scored(detector, heavier(normalParcels(300, ago), 1.03), ago)
  for (let trainer = 1; trainer <= 2; trainer++) await pipeline.checkScores([])
  await eventually(async () => reported.length > 0, { what: 'the listener is called' })
  await listening.close()

  expect(pipeline.telemetry.modelRecalibrated).toHaveBeenCalledTimes(1)
  const [[, factor]] = vi.mocked(pipeline.telemetry.modelRecalibrated).mock.calls as [[string, number]]
  expect(vi.mocked(pipeline.telemetry.recalibrationWatched).mock.calls).toEqual([[factor], [factor]])
  expect(await latestRecalibration(pool, { pipeline: pipeline.name, modelId: model.metadata.modelId })).toEqual(
    reported[0],
  )
  const own = (await detector.score(heavier(normalParcels(20_000, 99), 1.03))).pValue
  const recalibrated = recalibrate(reported[0]!.recalibration, own)
  const anomalyShare = (pValue: Float64Array) =>
    decide(pValue, { alertRate: PARCEL_ALERT_RATE }).anomalies.length / pValue.length
  const off = (pValue: Float64Array) => Math.abs(Math.log(anomalyShare(pValue) / PARCEL_ALERT_RATE))
  expect(off(own)).toBeGreaterThan(Math.log(1.5))
  expect(off(recalibrated)).toBeLessThan(Math.log(1.3))
})

test('a trainer whose clock is days ahead finds drift (it read the last day by its own clock, without any score)', async () => {
  const pipeline = await aWatchedPipeline()
  await pipeline.store(model)
  for (let ago = 20; ago > 2; ago--) await pipeline.scored(detector, heavier(normalParcels(300, ago), 1.2), ago)
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 24 * 60 * MINUTE_MS })
  onTestFinished(() => void vi.useRealTimers())
  await pipeline.checkScores([])
  expect(await latestDriftAlarm(pool, { pipeline: pipeline.name })).not.toBeNull()
})

test('a new model that floods while the previous one does not is rolled back, with an audit entry; if both flood, the stream has changed and it stays', async () => {
  const pipeline = await aWatchedPipeline()
  const wrong = await fitParcelModel(2, (records) => heavier(records, 3))
  const other = await openDetector(wrong.artefact)
  await pipeline.store(model)
  await pipeline.store(wrong, { nllRange: [0, 100] })
  for (let ago = 10; ago > 2; ago--) await pipeline.scored(other, normalParcels(300, ago), ago)

  const changed = heavier(normalParcels(1_000, 8), 30)
  await pipeline.checkScores(changed)
  expect(pipeline.telemetry.boundsExceeded).toHaveBeenCalledTimes(1)
  expect(await activeModelId(pool, pipeline.name)).toBe(wrong.metadata.modelId)

  await pipeline.checkScores(normalParcels(1_000, 8))
  expect(await activeModelId(pool, pipeline.name)).toBe(model.metadata.modelId)
  expect((await listModelChanges(pool, pipeline.name))[0]).toMatchObject({
    action: 'rollback',
    previousId: wrong.metadata.modelId,
    by: 'guard',
    why: expect.stringMatching(/^it finds anomalies in /),
  })
  await other.close()
})

test('after a change of the stream a full model is not rolled back to a provisional one, which is too small to find any anomaly', async () => {
  const pipeline = await aWatchedPipeline()
  const provisional = await fitParcelModel(3, (records) => records.slice(0, 60), { provisional: true })
  expect(provisional.metadata.calibration.smallestPValue).toBeGreaterThan(PARCEL_ALERT_RATE)
  await pipeline.store(provisional)
  await pipeline.store(model, { nllRange: [0, 100] })
  const changed = heavier(normalParcels(1_000, 8), 30)
  for (let ago = 4; ago > 2; ago--) await pipeline.scored(detector, changed, ago)
  await pipeline.checkScores(changed)
  expect(pipeline.telemetry.boundsExceeded).toHaveBeenCalledTimes(1)
  expect(await activeModelId(pool, pipeline.name)).toBe(model.metadata.modelId)
})
