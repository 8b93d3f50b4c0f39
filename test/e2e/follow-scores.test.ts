import { type Following, followedPValues, openDetector } from '@outflow/detector'
import { noteFollowing } from '@outflow/store/models'
import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { startService } from '../support/service-process.js'

test('p-values are moved as was noted last, by an ingest that is killed as well, and each anomaly names what moved its own', async () => {
  const model = await parcelModel()
  const { modelId } = model.metadata
  const pipeline = await aParcelPipeline({ model })
  const noted = new Map<string | null, Following | null>([[null, null]])
  const move = async (factor: number) => {
    const following = { at: [-50, 50], shift: [Math.log(factor), Math.log(factor)] }
    await noteFollowing(pipeline.pool, { pipeline: pipeline.name, modelId, following, factor, until: new Date() })
    const { rows } = await pipeline.pool.query('select max(id)::text as id from outflow.followings')
    noted.set(rows[0].id, following)
    return rows[0].id as string
  }
  const first = await move(0.5)
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(46)
  await pipeline.untilStoredMore(2_000)
  const second = await move(2)
  await eventually(() => ingest.log.some(({ followingId }) => followingId === second), { what: 'ingest is told' })
  await pipeline.untilStoredMore(1_000)
  await ingest.kill()
  startService('ingest', pipeline.configFile)
  await pipeline.untilStoredMore(2_000)
  await feed.stop()

  const { rows } = await pipeline.pool.query(
    'select nll, p_value, p_upper, following_id::text as moved_by from outflow.anomalies',
  )
  expect(new Set(rows.map(({ moved_by }) => moved_by))).toEqual(new Set([first, second]))
  const detector = await openDetector(model.artefact)
  for (const { nll, p_value, p_upper, moved_by } of rows) {
    const own = [detector.pValues(Float64Array.of(nll))[0]!, detector.pUpperLimit(nll)]
    const following = noted.get(moved_by)
    const due = following === null ? own : followedPValues(following!, Float64Array.from(own))
    expect([p_value, p_upper]).toEqual([expect.closeTo(due[0]!, 9), expect.closeTo(due[1]!, 9)])
  }
  await detector.close()
})
