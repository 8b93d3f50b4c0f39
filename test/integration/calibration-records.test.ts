import { giveVerdict } from '@outflow/store/anomalies'
import {
  calibrationToLabel,
  insertModel,
  modelToTrim,
  type NewCalibrationRecord,
  promoteModel,
  rollBackModel,
  unpromotedCandidate,
} from '@outflow/store/models'
import { confirmedPositions } from '@outflow/store/training'
import { expect, it } from 'vitest'
import { pool } from '../support/a-pool.js'
import { aName } from '../support/infrastructure.js'
import { aGateReport, aModelMetadata } from '../support/reports.js'
import { DAY_MS, retain } from '../support/retain.js'

const FITTED = '00000000-0000-8000-8000-000000000001'
const TRIMMED = '00000000-0000-8000-8000-000000000002'
const LATER = '00000000-0000-8000-8000-000000000003'

const toLabel: readonly NewCalibrationRecord[] = [0, 1].map((rank) => ({
  ...{ rank, topic: 'parcels', partition: 0, offset: BigInt(rank), recordTimeMs: 1_000, nll: 9 - rank },
  record: { kind: 'letter', grams: 20, at: null },
}))

async function store(pipeline: string, id: string, labels: { of: string; until: Date } | null) {
  const base = aModelMetadata({ modelId: id })
  const found = labels && { of: labels.of, until: labels.until.toISOString(), confirmed: 1, normal: 0 }
  const metadata = { ...base, calibration: { ...base.calibration, labels: found } }
  const model = {
    pipeline,
    id,
    artefact: Buffer.from(id),
    metadata,
    metrics: aGateReport(),
    parentId: labels?.of ?? null,
  }
  await insertModel(pool, { ...model, toLabel: labels === null ? toLabel : [] })
}

async function promote(pipeline: string, id: string, labels: { of: string; until: Date } | null = null) {
  await store(pipeline, id, labels)
  await promoteModel(pool, { pipeline, id, by: 'test', why: 'to begin with' })
}

const label = (pipeline: string, offset: bigint, verdict: 'confirmed' | 'false_alarm') =>
  giveVerdict(pool, { pipeline, topic: 'parcels', partition: 0, offset, verdict, note: null, by: 'ada' })

it('calibration records of the active model can be labelled, and leave the next fit when confirmed', async () => {
  const pipeline = aName('labelled')
  expect(await calibrationToLabel(pool, pipeline)).toBeNull()
  await promote(pipeline, FITTED)
  await label(pipeline, 0n, 'confirmed')
  await label(pipeline, 1n, 'confirmed')
  await label(pipeline, 1n, 'false_alarm')
  expect(await calibrationToLabel(pool, pipeline)).toEqual({
    ...{ activeId: FITTED, fittedId: FITTED, rows: 100, alertRate: expect.any(Number) },
    records: [
      expect.objectContaining({ id: `${pipeline}/parcels/0/0`, rank: 0, nll: 9, verdict: 'confirmed' }),
      expect.objectContaining({ offset: 1n, record: { kind: 'letter', grams: 20, at: null }, verdict: 'false_alarm' }),
    ],
  })
  expect(await confirmedPositions(pool, pipeline)).toEqual(new Set(['parcels/0/0']))
  const { rows } = await pool.query('select from analyst.precision where pipeline = $1', [pipeline])
  expect(rows).toEqual([])
})

it('a model is trimmed by new labels once they are old enough, and again only by newer ones', async () => {
  const pipeline = aName('trimmed')
  const due = (quietMs = 0) => modelToTrim(pool, { pipeline, quietMs })
  await promote(pipeline, FITTED)
  await label(pipeline, 1n, 'false_alarm')
  expect(await due()).toBeNull()
  await label(pipeline, 0n, 'confirmed')
  expect(await due(60_000)).toBeNull()
  const found = await due()
  expect(found).toEqual({ fittedId: FITTED, activeId: FITTED, until: expect.any(Date) })

  await promote(pipeline, TRIMMED, { of: FITTED, until: found!.until })
  expect(await due()).toBeNull()
  expect(await calibrationToLabel(pool, pipeline)).toMatchObject({ activeId: TRIMMED, fittedId: FITTED })
  await label(pipeline, 0n, 'false_alarm')
  expect(await due()).toMatchObject({ fittedId: FITTED, activeId: TRIMMED })
})

it('labels of which the model was stored, but not promoted, are applied again (an error in between lost them)', async () => {
  const pipeline = aName('unpromoted')
  await promote(pipeline, FITTED)
  await label(pipeline, 0n, 'confirmed')
  const { until } = (await modelToTrim(pool, { pipeline, quietMs: 0 }))!
  await store(pipeline, TRIMMED, { of: FITTED, until })
  expect(await modelToTrim(pool, { pipeline, quietMs: 0 })).toEqual({ fittedId: FITTED, activeId: FITTED, until })
  // While there was a shadow, the next trainer failed to make the model one, again and again.
  expect(await unpromotedCandidate(pool, pipeline)).toBeNull()
})

it('retention removes the calibration records of earlier models, and keeps those of the active one', async () => {
  const pipeline = aName('retained')
  const left = async () => {
    await retain(pool, pipeline, { anomaliesMs: -DAY_MS })
    const { rows } = await pool.query(
      'select distinct model_id from outflow.calibration_records where pipeline = $1 order by 1',
      [pipeline],
    )
    return rows.map(({ model_id }) => model_id as string)
  }
  await promote(pipeline, FITTED)
  await promote(pipeline, TRIMMED, { of: FITTED, until: new Date() })
  expect(await left()).toEqual([FITTED])
  await promote(pipeline, LATER)
  expect(await left()).toEqual([LATER])
})

it('labels that were applied stay applied after retention (a rolled-back model of them was made and promoted again)', async () => {
  const pipeline = aName('applied')
  await promote(pipeline, FITTED)
  await label(pipeline, 0n, 'confirmed')
  const until = (await modelToTrim(pool, { pipeline, quietMs: 0 }))!.until
  await promote(pipeline, TRIMMED, { of: FITTED, until })
  await rollBackModel(pool, { pipeline, by: 'ada', why: 'too many alerts' })
  await promote(pipeline, LATER)
  await rollBackModel(pool, { pipeline, by: 'ada', why: 'too many alerts' })
  for (const set of ['models set created_at', 'model_changes set made_at']) {
    await pool.query(`update outflow.${set} = now() - interval '20 days' where pipeline = $1`, [pipeline])
  }
  await retain(pool, pipeline)
  expect(await calibrationToLabel(pool, pipeline)).toMatchObject({ activeId: FITTED })
  expect(await modelToTrim(pool, { pipeline, quietMs: 0 })).toBeNull()
})
