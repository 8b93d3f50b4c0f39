import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { windowedParcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance, WINDOWED_PARCEL_FEATURES } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

test('windowed features are those of an undisturbed run when ingest is killed and partitions move', async () => {
  const pipeline = await aParcelPipeline({ model: await windowedParcelModel(), features: WINDOWED_PARCEL_FEATURES })
  startService('alerts', pipeline.configFile)
  const feed = pipeline.feed(41)
  const chance = makeChance(41)
  const killed = startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  await sleep(chance.below(40)) // during a read, loading of history, scoring or a write
  await killed.kill()
  startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(2_000)
  const second = startService('ingest', pipeline.configFile)
  await second.logged('batch written')
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
  const { rows } = await pipeline.pool.query('select count(*)::int as entities from outflow.window_states')
  expect(rows).toEqual([{ entities: 40 }])
})
