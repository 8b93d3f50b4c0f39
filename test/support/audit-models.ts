import { decide, withDetector } from '@outflow/detector'
import { loadModel } from '@outflow/store/models'
import { expect } from 'vitest'
import { breakageOf, expectNear, untilAllStored } from './audit.js'
import type { ParcelPipeline } from './parcel-pipeline.js'
import { PARCEL_ALERT_RATE } from './parcels.js'
import { sound } from './sound.js'
import { readTopic } from './topic-reader.js'

/** Expects that the nll of every anomaly is the one its model computes: no batch was scored by a partly loaded model. */
export async function expectEachScoredByItsModel(pipeline: ParcelPipeline, ids: readonly string[]): Promise<void> {
  const { rows } = await pipeline.pool.query<{ model_id: string; record: unknown; nll: number }>(
    'select model_id, record, nll from outflow.anomalies',
  )
  expect([...new Set(rows.map(({ model_id }) => model_id))].toSorted()).toEqual([...ids].toSorted())
  for (const id of ids) {
    const own = rows.filter(({ model_id }) => model_id === id)
    const { nll } = await scoresBy(
      pipeline,
      id,
      own.map(({ record }) => record),
    )
    for (const [index, row] of own.entries()) {
      expectNear(row.nll, nll[index]!)
    }
  }
}

/**
 * Waits until everything is stored, then expects of a stream that several models have scored: every record is counted once,
 * a record that all models find improbable is an anomaly, and one that none of them does is not.
 */
export async function expectEachRecordDecidedOnce(pipeline: ParcelPipeline, ids: readonly string[]): Promise<void> {
  await untilAllStored(pipeline)
  const all = await readTopic(pipeline.brokers, pipeline.topics.source)
  const sound = all.filter((record) => breakageOf(record) === null)
  const records = sound.map(({ value }) => JSON.parse(String(value)) as unknown)
  const { rows: counts } = await pipeline.pool.query(
    `select (select sum(received)::int from outflow.offsets) as received,
            (select sum(scored)::int from outflow.offsets) as scored,
            (select sum(scored)::int from outflow.score_statistics) as counted,
            (select count(*)::int from outflow.dead_letters) as "reject"`,
  )
  expect(counts).toEqual([
    { received: all.length, scored: sound.length, counted: sound.length, reject: all.length - sound.length },
  ])
  const { rows } = await pipeline.pool.query('select partition, "offset" from outflow.anomalies')
  const found = new Set(rows.map(({ partition, offset }) => `${partition}/${offset}`))
  const flags = await Promise.all(ids.map(async (id) => (await scoresBy(pipeline, id, records)).isAnomaly))
  sound.forEach(({ partition, offset }, index) => {
    const anomalyBy = flags.filter((ofModel) => ofModel[index] === 1).length
    const position = `${partition}/${offset}`
    if (anomalyBy === ids.length) expect(found.has(position), `${position} is an anomaly`).toBe(true)
    if (anomalyBy === 0) expect(found.has(position), `${position} is none`).toBe(false)
  })
}

export async function expectShadowDifferences(
  pipeline: ParcelPipeline,
  [active, candidate]: readonly [active: string, candidate: string],
  counts: { readonly byActive: number; readonly byShadow: number },
): Promise<void> {
  const { rows } = await pipeline.pool.query(
    `select record, anomaly_by, nll, shadow_nll, concat_ws('/', topic, partition, "offset") as position
     from analyst.shadow_differences where shadow_id = $1`,
    [candidate],
  )
  const by = (who: string) => rows.filter(({ anomaly_by: anomalyBy }) => anomalyBy === who).length
  expect({ byActive: by('active'), byShadow: by('shadow') }).toMatchObject({
    byActive: counts.byActive,
    byShadow: counts.byShadow,
  })
  expect(rows.length, 'a shadow without a different decision').toBeGreaterThan(0)
  const records = rows.map(({ record }) => record as unknown)
  const [own, theirs] = await Promise.all([active, candidate].map((id) => scoresBy(pipeline, id, records)))
  rows.forEach(({ anomaly_by: anomalyBy, nll, shadow_nll: shadowNll, position }, index) => {
    expect([own!.isAnomaly[index], theirs!.isAnomaly[index]], position).toEqual(
      anomalyBy === 'active' ? [1, 0] : [0, 1],
    )
    expectNear(nll as number, own!.nll[index]!)
    expectNear(shadowNll as number, theirs!.nll[index]!)
  })
}

async function scoresBy({ pool, name }: ParcelPipeline, id: string, records: readonly unknown[]) {
  const { artefact } = await loadModel(pool, { pipeline: name, id })
  return withDetector(artefact, async (detector) => {
    const { nll, pValue } = await detector.score(records.map((record) => sound(detector.read(record))))
    return { nll, ...decide(pValue, { alertRate: PARCEL_ALERT_RATE }) }
  })
}
