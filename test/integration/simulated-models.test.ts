import { ModelUnknown, NoEarlierModel } from '@outflow/store'
import { countVerdicts } from '@outflow/store/anomalies'
import { writeBatch } from '@outflow/store/batch'
import { beat } from '@outflow/store/health-events'
import {
  activeModel,
  activeModelId,
  beginShadow,
  currentShadow,
  earlierModelIds,
  failGate,
  insertModel,
  latestDriftAlarm,
  latestRecalibration,
  listModels,
  loadModel,
  modelSummary,
  noteRecalibration,
  noteShadowReport,
  promoteModel,
  rollBackModel,
  unpromotedCandidate,
} from '@outflow/store/models'
import { scoreMinutes } from '@outflow/store/statistics'
import { addSuppression, listSuppressions, removeSuppression } from '@outflow/store/suppressions'
import {
  abandonFits,
  assignFit,
  confirmedPositions,
  endFit,
  listExclusions,
  listFits,
  noteFitStep,
  requestRetrain,
  startFit,
  waitingRequest,
} from '@outflow/store/training'
import { expect } from 'vitest'
import { aFitReport, aGateReport, aModel, aModelMetadata } from '../support/reports.js'
import { holdsInBoth, type StoreCase } from '../support/simulated-store.js'
import { aBatch, NOW } from '../support/stored-batches.js'

const BY = { by: 'test', why: 'asked to' }
const GATE = aGateReport()

/** Behaviour of models, fits and rules that the simulation relies on, by name. */
const CASES: Readonly<Record<string, StoreCase>> = {
  'a model is stored once, promoted, and returned unchanged': async (pool, pipeline) => {
    await insertModel(pool, aModel(pipeline, 'a'))
    expect(await activeModel(pool, pipeline)).toBeNull()
    await promoteModel(pool, { pipeline, id: 'a', ...BY })
    await insertModel(pool, { ...aModel(pipeline, 'a'), parentId: 'b' })
    expect(await activeModelId(pool, pipeline)).toBe('a')
    const active = await activeModel(pool, pipeline)
    expect(active).toMatchObject({
      ...{ id: 'a', state: 'active', artefactBytes: 3 },
      parentId: null,
      metadata: aModelMetadata(),
      metrics: GATE,
    })
    expect(active!.promotedAt).toBeInstanceOf(Date)
    expect([...(await loadModel(pool, { pipeline, id: 'a' })).artefact]).toEqual([1, 2, 3])
    await expect(loadModel(pool, { pipeline, id: 'b' })).rejects.toThrow(ModelUnknown)
    await expect(promoteModel(pool, { pipeline, id: 'b', ...BY })).rejects.toThrow(ModelUnknown)
  },

  'one model is active, and a rollback activates the previous one': async (pool, pipeline) => {
    for (const id of ['a', 'b']) {
      await insertModel(pool, aModel(pipeline, id))
      await promoteModel(pool, { pipeline, id, ...BY })
    }
    expect(await earlierModelIds(pool, pipeline)).toEqual(['a'])
    expect(await rollBackModel(pool, { pipeline, from: 'a', ...BY })).toBeNull()
    expect(await rollBackModel(pool, { pipeline, ...BY })).toEqual({ from: 'b', to: 'a' })
    const states = (await listModels(pool, pipeline)).map(({ id, state }) => `${id} ${state}`)
    expect(states.toSorted()).toEqual(['a active', 'b rolled_back'])
    await expect(rollBackModel(pool, { pipeline, ...BY })).rejects.toThrow(NoEarlierModel)
    expect(await activeModelId(pool, pipeline)).toBe('a')
    expect(await modelSummary(pool, { pipeline, id: 'b' })).toMatchObject({ id: 'b', state: 'rolled_back' })
    expect(await modelSummary(pool, { pipeline, id: 'unknown' })).toBeNull()
  },

  'a candidate fails its gate, again without an effect on its state, and one that passed remains for the next trainer':
    async (pool, pipeline) => {
      await insertModel(pool, aModel(pipeline, 'a'))
      expect(await unpromotedCandidate(pool, pipeline)).toBe('a')
      await failGate(pool, { pipeline, id: 'a', metrics: aGateReport({ passed: false }) })
      // The answer to the first may have been lost.
      await failGate(pool, { pipeline, id: 'a', metrics: aGateReport({ passed: false }) })
      await expect(failGate(pool, { pipeline, id: 'unknown', metrics: GATE })).rejects.toThrow(ModelUnknown)
      expect(await listModels(pool, pipeline)).toMatchObject([{ state: 'failed_gate', metrics: { passed: false } }])
      expect(await unpromotedCandidate(pool, pipeline)).toBeNull()
      await insertModel(pool, { ...aModel(pipeline, 'b'), parentId: 'gone' })
      expect(await unpromotedCandidate(pool, pipeline)).toBeNull()
    },

  'a shadow counts what both models found, and closes its fit': async (pool, pipeline) => {
    await insertModel(pool, aModel(pipeline, 'm'))
    await promoteModel(pool, { pipeline, id: 'm', ...BY })
    await insertModel(pool, { ...aModel(pipeline, 'a'), parentId: 'm' })
    const fitId = await startFit(pool, { pipeline, because: 'schedule', report: aFitReport(), incumbentId: null })
    await endFit(pool, { id: fitId, state: 'shadow', modelId: 'a', report: aFitReport({ gate: GATE }) })
    expect(await beginShadow(pool, { pipeline, id: 'a' })).toBe(true)
    expect(await beginShadow(pool, { pipeline, id: 'b' })).toBe(false)
    const shadow = {
      ...{ shadowId: 'a', modelId: 'm', scored: 2, anomaliesByBoth: 1, anomaliesByActive: 0, anomaliesByShadow: 1 },
      differences: [],
    }
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), shadow })
    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), shadow })
    const found = await currentShadow(pool, pipeline)
    expect(found).toMatchObject({ id: 'a', scored: 4, anomaliesByBoth: 2, anomaliesByActive: 0, anomaliesByShadow: 2 })
    expect(found!.elapsedMs).toBeGreaterThanOrEqual(0)
    expect(found).toMatchObject({ recordsPerDay: null, isOutdated: false })
    await insertModel(pool, aModel(pipeline, 'c'))
    await promoteModel(pool, { pipeline, id: 'c', ...BY })
    expect((await currentShadow(pool, pipeline))!.isOutdated).toBe(true)
    const report = { forMs: 1, scored: 4, anomalyShare: 1, activeAnomalyShare: 0.5, disagreement: 0.5, failure: null }
    await noteShadowReport(pool, { pipeline, id: 'a', report })
    await promoteModel(pool, { pipeline, id: 'a', ...BY })
    expect(await currentShadow(pool, pipeline)).toBeNull()
    expect(await listFits(pool, { pipeline })).toMatchObject([{ state: 'promoted', report: { shadow: report } }])
  },

  'a recalibration is valid for its model until the next one': async (pool, pipeline) => {
    const note = (modelId: string, shift: number) =>
      noteRecalibration(pool, {
        ...{ pipeline, modelId, factor: 1, until: new Date(NOW) },
        recalibration: { at: [0], shift: [shift] },
      })
    await note('a', 1)
    await note('b', 2)
    await note('a', 3)
    const latest = await latestRecalibration(pool, { pipeline, modelId: 'a' })
    expect(latest).toMatchObject({ modelId: 'a', recalibration: { at: [0], shift: [3] } })
    expect(await latestRecalibration(pool, { pipeline, modelId: 'c' })).toBeNull()
  },

  'a request is answered by a fit, and is queued again when that fails or is abandoned': async (pool, pipeline) => {
    expect(await waitingRequest(pool, pipeline)).toBeNull()
    await requestRetrain(pool, { pipeline, by: 'first', why: '1' })
    await requestRetrain(pool, { pipeline, by: 'second', why: '2' })
    const start = async () => {
      expect(await waitingRequest(pool, pipeline)).toEqual({ by: 'second', why: '2' })
      const fitId = await startFit(pool, { pipeline, because: 'asked', report: aFitReport(), incumbentId: 'i' })
      await assignFit(pool, { pipeline, fitId })
      expect(await waitingRequest(pool, pipeline)).toBeNull()
      return fitId
    }
    const failed = await start()
    await noteFitStep(pool, { id: failed, step: 5, maxSteps: 9 })
    const error = { code: 'X', message: 'no' }
    await endFit(pool, { id: failed, state: 'failed', modelId: null, report: aFitReport({ error }) })
    await noteFitStep(pool, { id: failed, step: 8, maxSteps: 9 })
    await start()
    await abandonFits(pool, pipeline)
    const known = await start()
    await endFit(pool, { id: known, state: 'known', modelId: 'a', report: aFitReport() })
    expect(await waitingRequest(pool, pipeline)).toBeNull()
    expect(await listFits(pool, { pipeline })).toMatchObject([
      { id: known, state: 'known', modelId: 'a', because: 'asked', incumbentId: 'i' },
      { state: 'abandoned', modelId: null, step: 0, maxSteps: null },
      { id: failed, state: 'failed', step: 5, maxSteps: 9, report: { error } },
    ])
    expect(await listFits(pool, { pipeline, modelId: 'a' })).toEqual([])
  },

  'the trainer reads the minutes of one model in order, and none of an empty span': async (pool, pipeline) => {
    const minuteMs = Math.floor(NOW / 60_000) * 60_000
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 12.5, NOW))
    await writeBatch(pool, aBatch(pipeline, 3n, 6n, 12.5, NOW - 60_000))
    await writeBatch(pool, aBatch(pipeline, 6n, 9n, 12.5, NOW))
    const read = (modelId: string, from: number) =>
      scoreMinutes(pool, { pipeline, modelId, from: new Date(from), before: new Date(minuteMs + 60_000) })
    const minutes = await read('m', minuteMs - 60_000)
    expect(minutes.map(({ minuteMs: own, scored, anomalies }) => [own, scored, anomalies])).toEqual([
      [minuteMs - 60_000, 2, 1],
      [minuteMs, 4, 2],
    ])
    for (const { histogram, pHistogram, scored } of minutes)
      for (const counts of [histogram, pHistogram]) expect(counts.reduce((sum, count) => sum + count, 0)).toBe(scored)
    expect(await read('m', minuteMs)).toHaveLength(1)
    expect(await read('other', 0)).toEqual([])
    await beat(pool, { pipeline, service: 'trainer' })
    expect(await confirmedPositions(pool, pipeline)).toEqual(new Set())
    expect(await listExclusions(pool, { pipeline })).toEqual([])
    expect(await latestDriftAlarm(pool, { pipeline })).toBeNull()
    const verdicts = await countVerdicts(pool, { pipeline, modelId: 'm', since: new Date(0) })
    expect(verdicts).toEqual({ dismissed: 0, confirmed: 0 })
  },

  'a rule hides alerts until it expires or is removed': async (pool, pipeline) => {
    const add = (entity: string, ms: number) =>
      addSuppression(pool, {
        ...{ pipeline, why: 'known', by: 'test' },
        rule: {
          ...{ entity, field: null, direction: null, range: null, timeOfWeek: null, zone: 'UTC' },
          expiresAt: new Date(Date.now() + ms),
        },
      })
    const first = await add('LAX', 3_600_000)
    const second = await add('SFO', 7_200_000)
    const entities = async (query = {}) =>
      (await listSuppressions(pool, { pipeline, ...query })).map(({ entity }) => entity)
    expect(await entities()).toEqual(['SFO', 'LAX'])
    expect(await entities({ notExpired: new Date(Date.now() + 5_400_000) })).toEqual(['SFO'])
    expect(await removeSuppression(pool, { pipeline, id: second, by: 'test' })).toBe(true)
    expect(await removeSuppression(pool, { pipeline, id: second, by: 'test' })).toBe(false)
    expect(await listSuppressions(pool, { pipeline })).toMatchObject([{ id: first, hidden: 0, range: null }])
    expect(await entities({ all: true })).toEqual(['SFO', 'LAX'])
  },
}

holdsInBoth(CASES)
