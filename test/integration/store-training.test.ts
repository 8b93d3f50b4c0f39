import { listen, ModelDamaged } from '@outflow/store'
import { countVerdicts } from '@outflow/store/anomalies'
import { beat } from '@outflow/store/health-events'
import {
  activeModelId,
  earlierModelIds,
  insertModel,
  listModelChanges,
  promoteModel,
  rollBackModel,
} from '@outflow/store/models'
import {
  addExclusion,
  assignFit,
  confirmedPositions,
  endFit,
  fitById,
  fitOfRequest,
  listExclusions,
  listFits,
  noteFitStep,
  removeExclusion,
  requestRetrain,
  startFit,
  trainerStatus,
  waitingRequest,
} from '@outflow/store/training'
import { describe, expect, it } from 'vitest'
import { pool, url } from '../support/a-pool.js'
import { eventually } from '../support/eventually.js'
import { aName } from '../support/infrastructure.js'
import { aFitReport, aFlowFit, aGateReport, aModel } from '../support/reports.js'

/** A pipeline whose models a, b, c … were promoted one after another. */
async function aPipelineOf(...ids: readonly string[]): Promise<string> {
  const pipeline = aName('pipeline')
  for (const id of ids) {
    await insertModel(pool, aModel(pipeline, id))
    await promoteModel(pool, { pipeline, id, by: 'trainer', why: 'schedule' })
  }
  return pipeline
}

const damage = (pipeline: string, id: string) =>
  pool.query(`update outflow.models set artefact = '\\x010204' where pipeline = $1 and id = $2`, [pipeline, id])

describe('rollback', () => {
  it('is listed among the changes, with its author and reason', async () => {
    const pipeline = await aPipelineOf('a', 'b', 'c')
    const byAda = { pipeline, by: 'ada', why: 'floods' }
    expect(await rollBackModel(pool, byAda)).toEqual({ from: 'c', to: 'b' })
    expect(await rollBackModel(pool, byAda)).toEqual({ from: 'b', to: 'a' })
    const changes = await listModelChanges(pool, pipeline)
    expect(changes.slice(0, 3)).toMatchObject([
      { action: 'rollback', modelId: 'a', previousId: 'b', by: 'ada', why: 'floods' },
      { action: 'rollback', modelId: 'b', previousId: 'c' },
      { action: 'promote', modelId: 'c', previousId: 'b', by: 'trainer', why: 'schedule' },
    ])
  })

  it('skips a damaged model', async () => {
    const pipeline = await aPipelineOf('a', 'b', 'c')
    await damage(pipeline, 'b')
    expect(await earlierModelIds(pool, pipeline)).toEqual(['a'])
    expect(await rollBackModel(pool, { pipeline, by: 'ada', why: '' })).toEqual({ from: 'c', to: 'a' })
  })

  it('of a given model happens once if two ask for it at once', async () => {
    const pipeline = await aPipelineOf('a', 'b')
    const twice = [1, 2].map(() => rollBackModel(pool, { pipeline, from: 'b', by: 'guard', why: '' }))
    expect((await Promise.all(twice)).filter((change) => change !== null)).toEqual([{ from: 'b', to: 'a' }])
  })
})

it('a damaged model is not promoted, and the active one stays', async () => {
  const pipeline = await aPipelineOf('a', 'b')
  await damage(pipeline, 'a')
  await expect(promoteModel(pool, { pipeline, id: 'a', by: 'ada', why: '' })).rejects.toBeInstanceOf(ModelDamaged)
  expect(await activeModelId(pool, pipeline)).toBe('b')
})

it('promoting the active model again changes nothing', async () => {
  const pipeline = await aPipelineOf('a')
  await promoteModel(pool, { pipeline, id: 'a', by: 'ada', why: '' })
  expect(await listModelChanges(pool, pipeline)).toHaveLength(1)
})

describe('the report of a fit', () => {
  it('is updated from the start to the result of the gate, and analysts can read it', async () => {
    const pipeline = await aPipelineOf('a')
    const begun = aFitReport({ seed: 7 })
    const id = await startFit(pool, { pipeline, because: 'schedule', incumbentId: 'a', report: begun })
    await noteFitStep(pool, { id, step: 50, maxSteps: 2_000 })
    expect(await listFits(pool, { pipeline })).toMatchObject([{ id, state: 'running', step: 50, maxSteps: 2_000 }])
    expect(await fitById(pool, id)).toMatchObject({ id, state: 'running', step: 50, report: begun })
    expect(await fitById(pool, '0')).toBeNull()
    const gate = aGateReport({ against: 'incumbent' })
    await endFit(pool, {
      id,
      state: 'promoted',
      modelId: 'b',
      report: { ...begun, fit: aFlowFit({ steps: 90 }), gate },
    })
    const { rows } = await pool.query('select * from analyst.fits where id = $1', [id])
    expect(rows).toMatchObject([
      {
        state: 'promoted',
        model_id: 'b',
        incumbent_id: 'a',
        step: 90,
        fitted: '900',
        gain_nats: 0.2,
        gain_against: 'incumbent',
        report: { seed: 7 },
      },
    ])
    expect(await listFits(pool, { pipeline, modelId: 'b' })).toMatchObject([{ id, endedAt: expect.any(Date) }])
    expect(await listFits(pool, { pipeline, modelId: 'a' })).toEqual([])
    // The console compared a model that was given again with itself; a hundred of such fits hid the one that made it.
    const again = await startFit(pool, { pipeline, because: 'schedule', incumbentId: 'b', report: begun })
    await endFit(pool, { id: again, state: 'known', modelId: 'b', report: begun })
    expect(await listFits(pool, { pipeline, modelId: 'b' })).toMatchObject([{ id, incumbentId: 'a' }])
  })
})

it('a heartbeat may quote a message with NUL, such as one in UTF-16 (it was refused, and the trainer counted as dead)', async () => {
  const pipeline = aName('quoting')
  await beat(pool, { pipeline, service: 'trainer', waitingFor: "not JSON: Unexpected token '\0'" })
  expect(await trainerStatus(pool, pipeline)).toMatchObject({ waitingFor: "not JSON: Unexpected token '\uFFFD'" })
})

describe('a requested model', () => {
  it('notifies the trainer, and has the fit that answers it', async () => {
    const pipeline = aName('pipeline')
    let notified = 0
    const listening = listen({ url, pipeline, checks: { outflow_training: () => void notified++ }, pollMs: 600_000 })
    await eventually(() => notified === 1, { what: 'the listener polls once' })
    const request = await requestRetrain(pool, { pipeline, by: 'ada', why: 'new firmware' })
    await eventually(() => notified === 2, { what: 'the request is reported' })
    await listening.close()

    const fitId = await startFit(pool, { pipeline, because: 'asked for', incumbentId: null, report: aFitReport() })
    await assignFit(pool, { pipeline, fitId })
    expect(await fitOfRequest(pool, request)).toBe(fitId)
    await endFit(pool, { id: fitId, state: 'failed_gate', modelId: 'm', report: aFitReport() })
    expect(await waitingRequest(pool, pipeline)).toBeNull()
  })
})

describe('exclusions from training', () => {
  it('spans are stored per pipeline until they are removed', async () => {
    const pipeline = aName('pipeline')
    const [from, to] = [new Date('2026-01-01T10:00:00Z'), new Date('2026-01-01T11:00:00Z')]
    const id = await addExclusion(pool, { pipeline, from, to, why: 'load test', by: 'ada' })
    expect(await listExclusions(pool, { pipeline })).toEqual([{ id, from, to, why: 'load test', by: 'ada' }])
    expect(await listExclusions(pool, { pipeline, since: to })).toEqual([])
    expect(await removeExclusion(pool, { pipeline: aName('other'), id })).toBe(false)
    expect(await removeExclusion(pool, { pipeline, id })).toBe(true)
    expect(await listExclusions(pool, { pipeline })).toEqual([])
  })

  it('the last of several verdicts on a record counts', async () => {
    const pipeline = aName('pipeline')
    const recordTime = new Date()
    const say = (offset: number, verdict: string) =>
      pool.query(
        `insert into outflow.verdicts (pipeline, topic, partition, "offset", verdict, given_by, detected_at, record_time)
         values ($1, 't', 0, $2, $3, 'ada', now(), $4)`,
        [pipeline, offset, verdict, recordTime],
      )
    await say(1, 'confirmed')
    await say(2, 'confirmed')
    await say(2, 'false_alarm')
    await say(3, 'false_alarm')
    await say(3, 'confirmed')
    await say(4, 'expected')
    expect([...(await confirmedPositions(pool, pipeline))].toSorted()).toEqual(['t/0/1', 't/0/3'])

    const flag = (offset: number, model: string) =>
      pool.query(
        `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, record, nll,
                                        p_value, p_upper, severity, reasons, model_id)
         values ($1, 't', 0, $2, $4, now(), '{}', 9, 0.001, 0.002, 'low', '[]', $3)`,
        [pipeline, offset, model, recordTime],
      )
    await pool.query(`select outflow.ensure_anomaly_partitions(array[(now() at time zone 'utc')::date])`)
    // After labels of calibration records, those of the fitted model did not count any more.
    await pool.query(
      `insert into outflow.models (pipeline, id, state, artefact, checksum, metrics, metadata)
       select $1, id, 'retired', '', sha256(''), '{}', jsonb_build_object('calibration', jsonb_build_object('labels', labels))
       from (values ('m', null), ('trimmed', '{"of": "m"}'::jsonb), ('another', null)) as stored (id, labels)`,
      [pipeline],
    )
    for (const offset of [1, 2]) await flag(offset, 'm')
    await flag(4, 'trimmed')
    await flag(3, 'another')
    const counted = (since: Date) => countVerdicts(pool, { pipeline, modelId: 'trimmed', since })
    expect(await counted(new Date(0))).toEqual({ dismissed: 2, confirmed: 1 })
    expect(await counted(new Date())).toEqual({ dismissed: 0, confirmed: 0 })
  })
})
