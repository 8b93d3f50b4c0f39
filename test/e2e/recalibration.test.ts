import type { Recalibration } from '@outflow/contracts'
import { openDetector, recalibrate } from '@outflow/detector'
import { noteRecalibration } from '@outflow/store/models'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { startService } from '../support/service-process.js'

test('p-values are recalibrated by the last stored recalibration, also after ingest is killed, and each anomaly has the id of its recalibration', async () => {
  const model = await parcelModel()
  const { modelId } = model.metadata
  const pipeline = await aParcelPipeline({ model })
  const noted = new Map<string | null, Recalibration | null>([[null, null]])
  const store = async (factor: number) => {
    const recalibration = { at: [-50, 50], shift: [Math.log(factor), Math.log(factor)] }
    await noteRecalibration(pipeline.pool, {
      pipeline: pipeline.name,
      modelId,
      recalibration: recalibration,
      factor,
      until: new Date(),
    })
    const { rows } = await pipeline.pool.query('select max(id)::text as id from outflow.recalibrations')
    noted.set(rows[0].id, recalibration)
    return rows[0].id as string
  }
  const first = await store(0.5)
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(46, { perSecond: 2_000 })
  await pipeline.untilStoredMore(2_000)
  const second = await store(2)
  await eventually(() => ingest.log.some(({ recalibrationId }) => recalibrationId === second), {
    what: 'ingest recalibrates',
  })
  await pipeline.untilStoredMore(1_000)
  await ingest.kill()
  startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(2_000)
  await feed.stop()

  const { rows } = await pipeline.pool.query(
    'select nll, p_value, p_upper, recalibration_id::text as recalibrated_by from outflow.anomalies',
  )
  expect(new Set(rows.map(({ recalibrated_by }) => recalibrated_by))).toEqual(new Set([first, second]))
  const detector = await openDetector(model.artefact)
  for (const { nll, p_value, p_upper, recalibrated_by } of rows) {
    const own = Float64Array.of(detector.pValues(Float64Array.of(nll))[0]!, detector.pUpperLimit(nll))
    const due = recalibrate(noted.get(recalibrated_by)!, own)
    expect([p_value, p_upper]).toEqual([expect.closeTo(due[0]!, 9), expect.closeTo(due[1]!, 9)])
  }
  await detector.close()
})
