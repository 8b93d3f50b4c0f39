import { readFile } from 'node:fs/promises'
import type { TrainedDetector } from '@outflow/detector'
import { listModelChanges } from '@outflow/store/models'
import { listFits } from '@outflow/store/training'
import { beforeAll, expect, test } from 'vitest'
import { expectEachScoredByItsModel } from '../support/audit-models.js'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { type ServiceProcess, startService } from '../support/service-process.js'

let first: TrainedDetector
let second: TrainedDetector
beforeAll(async () => {
  first = await parcelModel()
  second = await parcelModel(2)
})

const models = async (pipeline: ParcelPipeline, ...args: readonly string[]) => {
  const ran = await callOutflow(['models', ...args, '--config', pipeline.configFile])
  return { ...ran, json: () => JSON.parse(ran.stdout) as Record<string, unknown> }
}

const served = ({ log }: ServiceProcess) =>
  log.filter(({ msg }) => msg === 'model served').map(({ modelId }) => modelId as string)

const untilServed = (ingest: ServiceProcess, modelId: string, times = 1) =>
  eventually(() => served(ingest).filter((id) => id === modelId).length >= times, { what: `ingest serves ${modelId}` })

test('one command each promotes and rolls back while ingest runs, with an audit log, and each anomaly has the id of its model', async () => {
  const pipeline = await aParcelPipeline({ model: first })
  const [a, b] = [first.metadata.modelId, second.metadata.modelId]
  await pipeline.store(second)
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(41, { perSecond: 2_000 })
  await pipeline.untilStoredMore(2_000)

  const listed = await models(pipeline, 'list')
  expect(listed.stdout).toContain(a)
  expect((await models(pipeline, 'diff', a, b, '--json')).json()).toMatchObject({
    facts: { seed: [1, 2] },
    divergence: { secondToFirst: expect.any(Number) },
    decisions: null,
    fields: expect.arrayContaining([{ field: null, first: expect.any(Number), second: null }]),
  })
  expect((await models(pipeline, 'diff', a, b)).stdout).toContain('anomalies in a million records, by field')
  const file = `${pipeline.configFile}.model`
  expect((await models(pipeline, 'export', b, '--output', file)).stderr).toContain(`${file}: model ${b}`)
  expect(Buffer.compare(await readFile(file), second.artefact)).toBe(0)
  const promoted = await models(pipeline, 'promote', b.slice(0, 13), '--why', 'it models crates', '--by', 'ada')
  expect(promoted.code).toBe(0)
  await untilServed(ingest, b)
  await pipeline.untilStoredMore(3_000)
  expect((await models(pipeline, 'rollback', '--why', 'floods', '--by', 'ada')).code).toBe(0)
  await untilServed(ingest, a, 2)
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  const changes = await listModelChanges(pipeline.pool, pipeline.name)
  expect(changes.slice(0, 2)).toMatchObject([
    { action: 'rollback', modelId: a, previousId: b, by: 'ada', why: 'floods' },
    { action: 'promote', modelId: b, previousId: a, by: 'ada', why: 'it models crates' },
  ])
  await expectEachScoredByItsModel(pipeline, [a, b])
  const shown = (await models(pipeline, 'show', b)).json()
  expect(shown).toMatchObject({ state: 'rolled_back', changes: [{ action: 'rollback' }, { action: 'promote' }] })
})

test('a requested model is fitted at once, compared with the incumbent by the gate, and has a report', async () => {
  // maxRows exceeds minRows: some of the sampled records break their contract.
  const pipeline = await aParcelPipeline({ training: { minRows: 900, maxRows: 1_000, niceness: 0 } })
  const ingest = startService('ingest', pipeline.configFile)
  const trainer = startService('trainer', pipeline.configFile)
  await trainer.logged('training rows awaited')
  const feed = pipeline.feed(43, { perSecond: 500 })
  const promotedFirst = await trainer.logged('model promoted')
  await untilServed(ingest, promotedFirst.modelId as string)
  await pipeline.untilStoredMore(1_000)
  const result = await callOutflow([
    ...['retrain', '--wait', '--json', '--why', 'new firmware', '--by', 'ada'],
    ...['--config', pipeline.configFile],
  ])
  await feed.stop()

  const fit = JSON.parse(result.stdout) as {
    id: string
    state: string
    modelId: string
    report: Record<string, unknown>
  }
  expect(['promoted', 'failed_gate']).toContain(fit.state)
  expect(result.code).toBe(fit.state === 'promoted' ? 0 : 1)
  expect(fit.report).toMatchObject({
    seed: 1,
    records: { heldOut: expect.any(Number), fitted: expect.any(Number) },
    fit: { atSteps: expect.any(Array), peakMemoryBytes: expect.any(Number) },
    gate: { against: 'incumbent', gain: { lower: expect.any(Number), upper: expect.any(Number) } },
  })
  const [newest] = await listFits(pipeline.pool, { pipeline: pipeline.name, modelId: fit.modelId })
  expect(newest).toMatchObject({ id: fit.id, because: expect.stringMatching(/^asked for by \S+: /) })
  const gate = (fit.report as { gate: { gain: { upper: number } } }).gate
  // Both were fitted to the same kind of parcels: neither may be much worse.
  expect(gate.gain.upper).toBeGreaterThan(-0.5)
})
