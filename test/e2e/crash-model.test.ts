import type { TrainedDetector } from '@outflow/detector'
import { beforeAll, expect, test } from 'vitest'
import { expectEachRecordJudgedOnce, expectEachScoredByTheModelItNames } from '../support/audit-models.js'
import { eventually } from '../support/eventually.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { fitParcelModel } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

let first: TrainedDetector
let second: TrainedDetector
beforeAll(async () => {
  first = await fitParcelModel(1)
  second = await fitParcelModel(2)
})

test('another trainer takes over within 15 s when the leader is killed', async () => {
  const pipeline = await aParcelPipeline({ model: first })
  const [one, other] = [startService('trainer', pipeline.configFile), startService('trainer', pipeline.configFile)]
  const leads = ({ log }: typeof one) => log.some(({ msg }) => msg === 'leadership taken')
  const leader = await eventually(() => [one, other].find(leads), { what: 'one of them leads' })
  const heir = leader === one ? other : one
  await heir.logged('trainer started')
  expect(leads(heir)).toBe(false)
  await leader.kill()
  await eventually(() => leads(heir), { what: 'the other leads', withinMs: 15_000 })
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
  await eventually(() => isWaiting(pipeline, 'artefact'), { what: 'ingest is opening the new model' })
  // By the one before, as long as it takes.
  await pipeline.untilStoredMore(2_000)
  await killed.kill()
  await release()
  const ingest = startService('ingest', pipeline.configFile)
  expect(await ingest.logged('model served')).toMatchObject({ modelId: b })
  await pipeline.untilStoredMore(2_000)
  await feed.stop()

  expect(killed.log.filter(({ msg }) => msg === 'model served')).toMatchObject([{ modelId: a }])
  await expectEachRecordJudgedOnce(pipeline, [a, b])
  await expectEachScoredByTheModelItNames(pipeline, [a, b])
})

/** Keeps artefacts from being read, and nothing else, until the function that it gives is called. */
async function holdArtefacts({ pool }: ParcelPipeline): Promise<() => Promise<void>> {
  const hold = await pool.connect()
  await hold.query('begin')
  const { rows } = await hold.query<{ index: string }>(
    `select format('%s', indexrelid::regclass) as index from pg_index
     where indrelid = (select reltoastrelid from pg_class where oid = 'outflow.models'::regclass)`,
  )
  // Long values are found by this index, which nobody may use while it is built anew.
  await hold.query(`reindex index ${rows[0]!.index}`)
  return async () => {
    await hold.query('commit')
    hold.release()
  }
}

/** As `promoteModel` does, but without a look at the artefact. */
async function activate({ pool, name }: ParcelPipeline, id: string): Promise<void> {
  await pool.query(`update outflow.models set state = 'retired' where state = 'active'`)
  await pool.query(`update outflow.models set state = 'active', promoted_at = now() where id = $1`, [id])
  await pool.query(`select pg_notify('outflow_models', $1)`, [name])
}

/** Whether a statement of a service with such a text waits for a lock. */
async function isWaiting({ pool }: ParcelPipeline, text: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    `select from pg_stat_activity
     where datname = current_database() and application_name like 'outflow-%' and wait_event_type = 'Lock'
       and position($1 in query) > 0`,
    [text],
  )
  return rowCount! > 0
}
