import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

test('no alert is lost or repeated when the relay is killed repeatedly while records arrive', async () => {
  const pipeline = await aParcelPipeline({ model: await parcelModel() })
  startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(11)
  const chance = makeChance(11)
  for (let kills = 0; kills < 3; kills += 1) {
    const relay = startService('alerts', pipeline.configFile)
    await relay.logged('outbox sent')
    await pipeline.untilStoredMore(chance.below(2_000))
    await sleep(chance.below(40)) // during a take, a transaction or a delete
    await relay.kill()
  }
  startService('alerts', pipeline.configFile)
  await pipeline.untilStoredMore(3_000)
  await feed.stop()

  await expectEverythingOnce(pipeline)
})
