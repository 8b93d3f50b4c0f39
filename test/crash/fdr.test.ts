import { setTimeout as sleep } from 'node:timers/promises'
import { decide } from '@outflow/detector'
import { expect, test } from 'vitest'
import { dueSoFar, untilAllStored } from '../support/audit.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, PARTITIONS } from '../support/parcel-pipeline.js'
import { makeChance } from '../support/parcels.js'
import { startService } from '../support/service-process.js'

test('online control decides as in an undisturbed run when ingest is killed repeatedly while records arrive', async () => {
  const fdr = 0.1
  const pipeline = await aParcelPipeline({ model: await parcelModel(), detection: { fdr, recalibrateWithin: 1 } })
  const feed = pipeline.feed(47)
  const chance = makeChance(47)
  let ingest = startService('ingest', pipeline.configFile)
  for (let kills = 0; kills < 2; kills += 1) {
    await pipeline.untilStoredMore(2_000 + chance.below(1_000))
    await sleep(chance.below(40)) // during a read, scoring, loading of the state or a write
    await ingest.kill()
    ingest = startService('ingest', pipeline.configFile)
  }
  await pipeline.untilStoredMore(2_000)
  await feed.stop()
  await untilAllStored(pipeline)

  const scored = (await dueSoFar(pipeline)).filter(({ rejection }) => rejection === null)
  for (let partition = 0; partition < PARTITIONS; partition += 1) {
    const own = scored
      .filter(({ record }) => record.partition === partition)
      .toSorted((a, b) => Number(a.record.offset - b.record.offset))
    const pValue = Float64Array.from(own, (record) => record.pValue)
    const { anomalies: due, fdrState } = decide(pValue, { fdr })
    expect(due.length).toBeGreaterThan(0)
    const { rows: anomalies } = await pipeline.pool.query(
      'select "offset" from outflow.anomalies where partition = $1 order by "offset"',
      [partition],
    )
    expect(anomalies.map(({ offset }) => BigInt(offset))).toEqual(due.map(({ index }) => own[index]!.record.offset))
    const { rows: states } = await pipeline.pool.query(
      'select fdr_state as state from outflow.offsets where partition = $1',
      [partition],
    )
    expect(states).toEqual([{ state: fdrState }])
  }
})
