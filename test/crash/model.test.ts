import type { TrainedDetector } from '@outflow/detector'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate } from '@outflow/store'
import { activeModelId, listModelChanges } from '@outflow/store/models'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { untilAllStored } from '../support/audit.js'
import {
  expectEachRecordDecidedOnce,
  expectEachScoredByItsModel,
  expectShadowDifferences,
} from '../support/audit-models.js'
import { eventually } from '../support/eventually.js'
import { heldBy, lockWaits } from '../support/lock-waits.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { startService } from '../support/service-process.js'
import { storeCandidate } from '../support/stored-model.js'

// A fit takes seconds, or minutes on a busy machine.
const FIT_TIMEOUT_MS = 600_000

let first: TrainedDetector
let second: TrainedDetector
beforeAll(async () => {
  first = await parcelModel()
  second = await parcelModel(2)
}, FIT_TIMEOUT_MS)

test('another trainer takes over within 15 s when the leader is killed', async () => {
  const pipeline = await aParcelPipeline({ model: first })
  const [one, other] = [startService('trainer', pipeline.configFile), startService('trainer', pipeline.configFile)]
  const leads = ({ log }: typeof one) => log.some(({ msg }) => msg === 'leadership taken')
  const leader = await eventually(() => [one, other].find(leads), { what: 'one of them leads' })
  const successor = leader === one ? other : one
  await successor.logged('trainer started')
  expect(leads(successor)).toBe(false)
  await leader.kill()
  await eventually(() => leads(successor), { what: 'the other leads', withinMs: 15_000 })
})

test('an ingest that is killed while it opens a new model loses nothing; the next one serves the new model', async () => {
  const pipeline = await aParcelPipeline({ model: first })
  const [a, b] = [first.metadata.modelId, second.metadata.modelId]
  await pipeline.store(second)
  const killed = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(45)
  await pipeline.untilStoredMore(2_000)

  const release = await holdArtefacts(pipeline)
  await activate(pipeline, b)
  await eventually(async () => (await lockWaits(pipeline.pool, 'artefact')) > 0, {
    what: 'ingest is opening the new model',
  })
  // The earlier model scores while the new one is opened.
  await pipeline.untilStoredMore(2_000)
  await killed.kill()
  await release()
  const ingest = startService('ingest', pipeline.configFile)
  expect(await ingest.logged('model served')).toMatchObject({ modelId: b })
  await pipeline.untilStoredMore(2_000)
  await feed.stop()

  expect(killed.log.filter(({ msg }) => msg === 'model served')).toMatchObject([{ modelId: a }])
  await expectEachRecordDecidedOnce(pipeline, [a, b])
  await expectEachScoredByItsModel(pipeline, [a, b])
})

test('a power cut of Postgres during a promotion leaves a candidate, which the trainer promotes when Postgres is up again', async ({
  skip,
}) => {
  const { postgres, stop } = await launchInfrastructure({ need: ['postgres'] })
  onTestFinished(stop)
  const control = postgres.control ?? skip('DATABASE_URL gives Postgres: it must not be stopped')
  await migrate(postgres.url)
  const training = { every: '7d' }
  const pipeline = await aParcelPipeline({ model: first, databaseUrl: postgres.url, training })
  const [a, b] = [first.metadata.modelId, second.metadata.modelId]
  await storeChild(pipeline, second)
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(46)
  await pipeline.untilStoredMore(1_000)
  const holder = await pipeline.pool.connect()
  await holder.query('begin; select from outflow.models for update')
  const trainer = startService('trainer', pipeline.configFile)
  await eventually(async () => (await lockWaits(pipeline.pool, 'for no key update')) > 0, {
    what: 'the promotion has begun',
  })
  await control.kill()
  holder.release(true)
  await control.start()

  expect(await trainer.logged('candidate adopted')).toMatchObject({ modelId: b, became: 'promoted' })
  await ingest.logged('model served', { modelId: b })
  await pipeline.untilStoredMore(1_000)
  await feed.stop()
  expect(await activeModelId(pipeline.pool, pipeline.name)).toBe(b)
  const changes = await listModelChanges(pipeline.pool, pipeline.name)
  expect(changes.map(({ modelId }) => modelId)).toEqual([b, a])
  await expectEachRecordDecidedOnce(pipeline, [a, b])
})

test('a shadow continues after its trainer is killed, and counts each record once although ingest is killed as well', async () => {
  const pipeline = await aParcelPipeline({ model: first, training: { shadow: '1h', every: '7d' } })
  const [a, b] = [first.metadata.modelId, second.metadata.modelId]
  await storeChild(pipeline, second)
  let ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(48)
  await pipeline.untilStoredMore(1_000)
  const killed = startService('trainer', pipeline.configFile)
  expect(await killed.logged('candidate adopted')).toMatchObject({ modelId: b, became: 'shadow' })
  expect(await ingest.logged('shadow served')).toMatchObject({ modelId: b })
  await pipeline.untilStoredMore(2_000)
  await Promise.all([killed.kill(), ingest.kill()])
  ingest = startService('ingest', pipeline.configFile)
  await ingest.logged('shadow served')
  await pipeline.untilStoredMore(2_000)
  await feed.stop()
  await untilAllStored(pipeline)

  const { rows } = await pipeline.pool.query(
    `select scored::int, anomalies_by_both::int as both, anomalies_by_active::int as "byActive", anomalies_by_shadow::int as "byShadow"
     from analyst.shadows where shadow_id = $1 and model_id = $2`,
    [b, a],
  )
  const counts = rows[0] as Record<'scored' | 'both' | 'byActive' | 'byShadow', number>
  expect(counts.scored).toBeGreaterThan(3_000)
  await expectShadowDifferences(pipeline, [a, b], counts)

  // Ends the hour of the shadow.
  await pipeline.pool.query(`update outflow.models set shadow_since = now() - interval '2 h' where id = $1`, [b])
  const trainer = startService('trainer', pipeline.configFile)
  expect(await trainer.logged('model promoted')).toMatchObject({ modelId: b, scored: counts.scored })
  await ingest.logged('shadow ended')
  await ingest.logged('model served', { modelId: b })
  expect(await activeModelId(pipeline.pool, pipeline.name)).toBe(b)
})

/** Stores a candidate, as a trainer that is killed right after the gate has done. */
async function storeChild({ pool, name }: ParcelPipeline, model: TrainedDetector): Promise<void> {
  await storeCandidate(pool, name, model, { parentId: await activeModelId(pool, name) })
}

/** Blocks reads of artefacts, and of nothing else, until the returned function is called. */
async function holdArtefacts({ pool }: ParcelPipeline): Promise<() => Promise<void>> {
  const { rows } = await pool.query<{ index: string }>(
    `select format('%s', indexrelid::regclass) as index from pg_index
     where indrelid = (select reltoastrelid from pg_class where oid = 'outflow.models'::regclass)`,
  )
  // Long values are read through this index, which is locked while it is rebuilt.
  return heldBy(pool, `reindex index ${rows[0]!.index}`)
}

/** Like `promoteModel`, but without checking the artefact. */
async function activate({ pool, name }: ParcelPipeline, id: string): Promise<void> {
  await pool.query(`update outflow.models set state = 'retired' where state = 'active'`)
  await pool.query(`update outflow.models set state = 'active', promoted_at = now() where id = $1`, [id])
  await pool.query(`select pg_notify('outflow_models', $1)`, [name])
}
