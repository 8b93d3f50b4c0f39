import { type Detector, openDetector } from '@outflow/detector'
import { isRejection } from '@outflow/encoding'
import { loadModel } from '@outflow/store'
import { expect } from 'vitest'
import { untilAllStored } from './audit.js'
import type { ParcelPipeline } from './parcel-pipeline.js'
import { PARCEL_ALERT_RATE } from './parcels.js'
import { readTopic } from './topic-reader.js'

/** Every anomaly's nll is the one that its model gives the record: no batch met a model half loaded. */
export async function expectEachScoredByTheModelItNames(
  pipeline: ParcelPipeline,
  ids: readonly string[],
): Promise<void> {
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
      expect(Math.abs(row.nll - nll[index]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(row.nll)))
    }
  }
}

/**
 * Waits until all is stored, then holds a stream that several models have scored to its promise: every record counted once,
 * what all of them find improbable is an anomaly, what none of them does is not.
 */
export async function expectEachRecordJudgedOnce(pipeline: ParcelPipeline, ids: readonly string[]): Promise<void> {
  await untilAllStored(pipeline)
  const all = await readTopic(pipeline.brokers, pipeline.topics.source)
  const sound = all.filter(({ headers }) => ['normal', 'odd'].includes(String(headers.truth)))
  const records = sound.map(({ value }) => JSON.parse(String(value)) as unknown)
  const { rows: counts } = await pipeline.pool.query(
    `select (select sum(received)::int from outflow.offsets) as received,
            (select sum(scored)::int from outflow.offsets) as scored,
            (select sum(scored)::int from outflow.score_statistics) as counted,
            (select count(*)::int from outflow.dead_letters) as "setAside"`,
  )
  expect(counts).toEqual([
    { received: all.length, scored: sound.length, counted: sound.length, setAside: all.length - sound.length },
  ])
  const { rows } = await pipeline.pool.query('select partition, "offset" from outflow.anomalies')
  const found = new Set(rows.map(({ partition, offset }) => `${partition}/${offset}`))
  const flags = await Promise.all(ids.map(async (id) => (await scoresBy(pipeline, id, records)).pValue.map(isFlag)))
  sound.forEach(({ partition, offset }, index) => {
    const flaggedBy = flags.filter((ofModel) => ofModel[index] === 1).length
    const position = `${partition}/${offset}`
    if (flaggedBy === ids.length) expect(found.has(position), `${position} is an anomaly`).toBe(true)
    if (flaggedBy === 0) expect(found.has(position), `${position} is none`).toBe(false)
  })
}

const isFlag = (pValue: number) => (pValue <= PARCEL_ALERT_RATE ? 1 : 0)

async function scoresBy({ pool, name }: ParcelPipeline, id: string, records: readonly unknown[]) {
  const { artefact } = await loadModel(pool, { pipeline: name, id })
  const detector = await openDetector(artefact)
  try {
    return await detector.score(records.map((record) => fieldsOf(detector, record)))
  } finally {
    await detector.close()
  }
}

function fieldsOf(detector: Detector, record: unknown) {
  const fields = detector.read(record)
  if (isRejection(fields)) throw new Error(fields.detail)
  return fields
}
