import { listen, ModelDamaged, StoredValueDamaged } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import {
  activeModel,
  activeModelId,
  beginShadow,
  currentShadow,
  decisionDifference,
  failGate,
  insertModel,
  listenForModels,
  listModels,
  loadDifference,
  loadModel,
  noteShadowReport,
  promoteModel,
} from '@outflow/store/models'
import { pipelineStatus } from '@outflow/store/pipelines'
import { endFit, listFits, startFit, trainerStatus } from '@outflow/store/training'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { pool, url } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import { eventually } from '../support/eventually.js'
import { aName } from '../support/infrastructure.js'
import { heldBy, lockWaits } from '../support/lock-waits.js'
import { aFitReport, aGateReport, aModel, aModelMetadata } from '../support/reports.js'
import { aBatch, aPipeline } from '../support/stored-batches.js'

/** Author and reason of a promotion. */
const BY_HAND = { by: 'test', why: 'asked to' }

describe('models', () => {
  it('issue 17.6: returns the metadata of the active model, and when it was fitted, with the status of its pipeline', async () => {
    const pipeline = aName('pipeline')
    expect(await pipelineStatus(pool, pipeline)).toMatchObject({ modelId: null, modelMetadata: null, received: 0 })
    await insertModel(pool, aModel(pipeline, 'a'))
    await promoteModel(pool, { pipeline, id: 'a', ...BY_HAND })
    const modelMetadata = aModelMetadata()
    const modelTrainedAt = new Date(modelMetadata.createdAt)
    expect(await pipelineStatus(pool, pipeline)).toMatchObject({ modelId: 'a', modelMetadata, modelTrainedAt })
  })

  it('counts the anomalies found in the last hour in the status of a pipeline, also those of old records', async () => {
    const pipeline = await aPipeline()
    const recordTimeMs = Date.now() - 3 * 86_400_000
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 12.5, recordTimeMs))
    expect(await pipelineStatus(pool, pipeline)).toMatchObject({ anomaliesLastHour: 1, deadLettersLastDay: 1 })
  })

  it('returns the status of a pipeline with the time of Postgres (a host 61 s ahead reported that nothing was written)', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    onTestFinished(() => void vi.useRealTimers())
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const { at, lastWrite } = await pipelineStatus(pool, pipeline)
    expect(at.getTime() - lastWrite!.getTime()).toBeLessThan(60_000)
  })

  it('marks a shadow as failed together with its fit (a crash in between left the fit open)', async () => {
    const pipeline = aName('pipeline')
    await insertModel(pool, aModel(pipeline, 'a'))
    const report = aFitReport()
    const id = await startFit(pool, { pipeline, because: 'schedule', incumbentId: null, report })
    await endFit(pool, { id, modelId: 'a', state: 'shadow', report })
    const states = async () => [
      (await listModels(pool, pipeline))[0]!.state,
      (await listFits(pool, { pipeline }))[0]!.state,
    ]
    const shadow = {
      forMs: 1,
      scored: 4,
      anomalyShare: 1,
      activeAnomalyShare: 0,
      disagreement: 1,
      failure: 'it floods',
    }
    await noteShadowReport(pool, { pipeline, id: 'a', report: shadow })
    const commit = await heldBy(pool, 'select from outflow.fits where pipeline = $1 for update', [pipeline])

    const failing = failGate(pool, { pipeline, id: 'a', metrics: aGateReport({ passed: false }) })
    await eventually(async () => (await lockWaits(pool, 'update outflow.fits')) === 1, { what: 'it waits for the fit' })
    expect(await states()).toEqual(['candidate', 'shadow'])
    await commit()
    await failing
    expect(await states()).toEqual(['failed_gate', 'failed_gate'])
    // It was null: status stated that the candidate failed its gate: null.
    expect(await trainerStatus(pool, pipeline)).toMatchObject({ lastFit: { why: 'it floods' } })
  })

  it('does not end a shadow because labels made another model of the same weights active', async () => {
    const pipeline = aName('pipeline')
    await insertModel(pool, aModel(pipeline, 'a'))
    await insertModel(pool, { ...aModel(pipeline, 'b'), parentId: 'a' })
    const labels = { of: 'a', confirmed: 1, normal: 1, until: '2026-01-01T00:00:00.000Z' }
    const metadata = aModelMetadata({ calibration: { ...aModelMetadata().calibration, labels } })
    await insertModel(pool, { ...aModel(pipeline, 'c'), metadata })
    await beginShadow(pool, { pipeline, id: 'b' })
    await promoteModel(pool, { pipeline, id: 'c', ...BY_HAND })
    expect(await currentShadow(pool, pipeline)).toMatchObject({ id: 'b', isOutdated: false })
  })

  it('compares the decisions of two models on the same records, live ones rather than held-out ones (held-out ones were lost if usual values differ)', async () => {
    const pipeline = aName('pipeline')
    const anomaliesBy = { incumbentId: 'a', both: 6, candidate: 5, incumbent: 3 }
    await insertModel(pool, aModel(pipeline, 'a'))
    await insertModel(pool, aModel(pipeline, 'b', { anomaliesBy }))
    const [b, a] = await listModels(pool, pipeline)
    const heldOut = { on: 'held-out records', records: 100, both: 6, first: 5, second: 3 }
    expect(await decisionDifference(pool, b!, a!)).toEqual(heldOut)
    expect(await decisionDifference(pool, a!, b!)).toEqual({ ...heldOut, first: 3, second: 5 })
    expect(await decisionDifference(pool, a!, a!)).toBeNull()
    await pool.query(
      `insert into outflow.shadow_statistics (pipeline, shadow_id, model_id, scored, anomalies_by_both, anomalies_by_active,
         anomalies_by_shadow, updated_at)
       values ($1, 'b', 'a', 9000, 7, 2, 1, now())`,
      [pipeline],
    )
    const live = { on: 'live records', records: 9_000, both: 7, first: 1, second: 2 }
    expect(await decisionDifference(pool, b!, a!)).toEqual(live)
    expect(await decisionDifference(pool, a!, b!)).toEqual({ ...live, first: 2, second: 1 })
  })

  it('returns no rate of the fields of a model whose anomalies retention has deleted (it was 0)', async () => {
    const pipeline = await aPipeline()
    for (const id of ['m', 'other']) await insertModel(pool, aModel(pipeline, id))
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    await pool.query(
      `insert into outflow.score_statistics
       select pipeline, minute, 'other', scored, anomalies, nll_min, nll_max, nll_sum, histogram, p_histogram
       from outflow.score_statistics where pipeline = $1`,
      [pipeline],
    )
    const rates = async () => (await loadDifference(pool, { pipeline, ids: ['m', 'other'] })).fields
    expect(await rates()).toEqual([{ field: null, first: 500_000, second: null }])
    await pool.query(`update outflow.score_statistics set anomalies = 0 where model_id = 'other' and pipeline = $1`, [
      pipeline,
    ])
    expect(await rates()).toEqual([{ field: null, first: 500_000, second: 0 }])
  })

  it('returns no metadata of a model that a newer outflow wrote', async () => {
    const pipeline = aName('pipeline')
    await insertModel(pool, aModel(pipeline, 'a'))
    await pool.query(`update outflow.models set metadata = '{"schemaVersion": 99}' where pipeline = $1`, [pipeline])
    expect(await listModels(pool, pipeline)).toMatchObject([{ id: 'a', metadata: null }])
  })

  it('has one active model when ten are promoted at once', async () => {
    const pipeline = aName('pipeline')
    const ids = Array.from({ length: 10 }, (_, index) => `m${index}`)
    for (const id of ids) await insertModel(pool, aModel(pipeline, id))
    await Promise.all(ids.map((id) => promoteModel(pool, { pipeline, id, ...BY_HAND })))
    const states = (await listModels(pool, pipeline)).map(({ state }) => state)
    expect(states.filter((state) => state === 'active')).toHaveLength(1)
    expect(states.filter((state) => state === 'retired')).toHaveLength(9)
  })

  it('throws for damaged models', async () => {
    const pipeline = aName('pipeline')
    await insertModel(pool, aModel(pipeline, 'a'))
    await promoteModel(pool, { pipeline, id: 'a', ...BY_HAND })
    expect(await pipelineStatus(pool, pipeline)).toMatchObject({ isModelDamaged: false })
    await pool.query(`update outflow.models set artefact = artefact || '\\x00' where pipeline = $1`, [pipeline])

    expect(await pipelineStatus(pool, pipeline)).toMatchObject({ isModelDamaged: true })
    await expect(activeModel(pool, pipeline)).rejects.toBeInstanceOf(ModelDamaged)
    await expect(loadModel(pool, { pipeline, id: 'a' })).rejects.toBeInstanceOf(ModelDamaged)
    expect(await activeModelId(pool, pipeline)).toBe('a')
  })

  it('throws with table, column and model for stored metrics that are not valid', async () => {
    const pipeline = aName('pipeline')
    await insertModel(pool, aModel(pipeline, 'a'))
    await pool.query(`update outflow.models set metrics = '{"passed": "yes"}' where pipeline = $1`, [pipeline])
    const error = await listModels(pool, pipeline).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StoredValueDamaged)
    expect(String(error)).toContain(`outflow.models.metrics of ${pipeline}, a does not match its schema`)
  })
})

describe('listening', () => {
  it('notifies each promotion at once, of this pipeline only, and again after its connection was cut', async () => {
    const pipeline = aName('pipeline')
    const reported: (string | null)[] = []
    const errors: string[] = []
    const listening = listenForModels({
      url,
      pipeline,
      onChange: (id) => reported.push(id),
      onError: ({ code }) => errors.push(code),
      pollMs: 600_000,
    })
    await eventually(() => reported.length === 1, { what: 'the listener has the first state' })
    for (const id of ['a', 'b']) {
      await insertModel(pool, aModel(pipeline, id))
      await promoteModel(pool, { pipeline, id, ...BY_HAND })
      await eventually(() => reported.at(-1) === id, { what: 'the promotion is reported' })
    }
    const other = aName('pipeline')
    await insertModel(pool, aModel(other, 'o'))
    await promoteModel(pool, { pipeline: other, id: 'o', ...BY_HAND })

    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'outflow outflow_models' and datname = current_database()`,
    )
    await promoteModel(pool, { pipeline, id: 'a', ...BY_HAND })
    await eventually(() => reported.at(-1) === 'a', { what: 'the promotion is reported' })
    await listening.close()

    expect(reported).toEqual([null, 'a', 'b', 'a'])
    expect(errors).toEqual(['OUTFLOW_STORE_UNAVAILABLE'])
  })

  it('finds a promotion without a notification by polling', async () => {
    const pipeline = aName('pipeline')
    const reported: (string | null)[] = []
    await insertModel(pool, aModel(pipeline, 'a'))
    const listening = listenForModels({ url, pipeline, onChange: (id) => reported.push(id), pollMs: 50 })
    await eventually(() => reported.length === 1, { what: 'the listener has the first state' })
    await pool.query(`update outflow.models set state = 'active' where pipeline = $1`, [pipeline])
    await eventually(() => reported.length === 2, { what: 'the listener has the second state' })
    await listening.close()

    expect(reported).toEqual([null, 'a'])
  })

  it('notifies the relay when a batch with a dead letter commits', async () => {
    const pipeline = aName('pipeline')
    let woken = 0
    const listening = listen({ url, pipeline, checks: { outflow_outbox: () => void woken++ }, pollMs: 600_000 })
    await eventually(() => woken === 1, { what: 'the listener polls once at its start' })
    await beginPartition(pool, { pipeline, topic: 'flights' })
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    await eventually(() => woken === 2, { what: 'the message is reported to the listener' })
    await listening.close()
  })
})
