import { alertEventSchema } from '@outflow/contracts'
import { type Detector, decide, withDetector } from '@outflow/detector'
import { type JsonObject, recordReader } from '@outflow/records'
import { activeModel } from '@outflow/store/models'
import { makeKafka, partitionEnds } from '@outflow/streams'
import { expect } from 'vitest'
import { eventually } from './eventually.js'
import { untilOutboxIsEmpty } from './outbox.js'
import type { ParcelPipeline } from './parcel-pipeline.js'
import { PARCEL_ALERT_RATE } from './parcels.js'
import { sound } from './sound.js'
import { readCommitted, readTopic, type SeenRecord } from './topic-reader.js'

/** Expected result for one record, by the model and by the `truth` header of the record. */
interface Due {
  readonly record: SeenRecord
  readonly rejection: string | null
  /** NaN if rejected. */
  readonly nll: number
  readonly isAnomaly: boolean
}

/** Waits until every record is counted and every message is sent, then compares Postgres and both output topics with the expected results. */
export async function expectEverythingOnce(pipeline: ParcelPipeline): Promise<void> {
  await untilAllStored(pipeline)
  await untilOutboxIsEmpty(pipeline.pool)
  const due = await dueSoFar(pipeline)
  await expectCountedOnce(pipeline, due)
  await expectEachMessageSentOnce(pipeline, due)
}

export async function untilAllStored({ brokers, topics, pool }: ParcelPipeline): Promise<void> {
  const ends = await partitionEnds(makeKafka({ brokers, clientId: 'test' }), [topics.source])
  const end = ends.toSorted((a, b) => a.partition - b.partition).map(({ partition, end }) => `${partition}: ${end}`)
  await eventually(
    async () => {
      const { rows } = await pool.query('select partition, next_offset from outflow.offsets order by partition')
      return rows.map((row) => `${row.partition}: ${row.next_offset}`).join() === end.join()
    },
    { what: `the stored offsets are ${end.join(', ')}` },
  )
}

/**
 * Compares Postgres with the decision of the model on each record up to the stored offsets: each is counted once, with the same
 * anomalies, the same NLLs, the same dead letters, and counters and statistics that add up.
 */
export async function expectEachRecordCountedOnce(pipeline: ParcelPipeline): Promise<void> {
  await expectCountedOnce(pipeline, await dueSoFar(pipeline))
}

async function expectCountedOnce(pipeline: ParcelPipeline, due: readonly Due[]): Promise<void> {
  const anomalies = due.filter(({ isAnomaly }) => isAnomaly)
  const rejected = due.filter(({ rejection }) => rejection !== null)
  expect(Math.min(anomalies.length, rejected.length), 'a stream without anomalies or rejected records').toBeGreaterThan(
    0,
  )
  const ofPartition = (some: readonly Due[], partition: number) =>
    some.filter(({ record }) => record.partition === partition).length

  const offsets = await select(pipeline, 'select * from outflow.offsets order by partition')
  expect(offsets).toMatchObject(
    offsets.map(({ partition, next_offset }) => ({
      received: next_offset,
      scored: String(Number(next_offset) - ofPartition(rejected, partition as number)),
      rejected: String(ofPartition(rejected, partition as number)),
      anomalies: String(ofPartition(anomalies, partition as number)),
      alerts: String(ofPartition(anomalies, partition as number)),
    })),
  )
  const found = await select(pipeline, 'select partition, "offset", nll from outflow.anomalies order by 1, 2')
  expect(found.map(positionOf)).toEqual(anomalies.map(({ record }) => positionOf(record)))
  for (const [index, { nll }] of found.entries()) expectNear(nll as number, anomalies[index]!.nll)
  const reject = await select(pipeline, 'select partition, "offset", reason from outflow.dead_letters order by 1, 2')
  expect(reject.map((row) => `${positionOf(row)} ${row.reason}`)).toEqual(
    rejected.map(({ record, rejection }) => `${positionOf(record)} ${rejection}`),
  )
  expect(
    await select(
      pipeline,
      `select (select sum(scored)::int from outflow.score_statistics) as scored,
              (select sum(anomalies)::int from outflow.score_statistics) as anomalies`,
    ),
  ).toEqual([{ scored: due.length - rejected.length, anomalies: anomalies.length }])
}

/**
 * Compares the committed messages of the alerts and dead-letter topics with the expected results of the records up to the stored
 * offsets: one alert per anomaly, in order per key; one dead letter per rejected record, byte for byte.
 */
async function expectEachMessageSentOnce(pipeline: ParcelPipeline, due: readonly Due[]): Promise<void> {
  const { name, brokers, topics } = pipeline
  const alerts = await readCommitted(brokers, topics.alerts)
  const events = alerts.map(({ value }) => alertEventSchema.parse(JSON.parse(String(value))))
  expect(events.map(({ id }) => id).toSorted()).toEqual(
    due
      .filter(({ isAnomaly }) => isAnomaly)
      .map(({ record }) => `${name}/${topics.source}/${positionOf(record)}`)
      .toSorted(),
  )
  const last = new Map<string, bigint>()
  alerts.forEach(({ key }, index) => {
    const offset = BigInt(events[index]!.data.offset)
    expect(offset, `alert after ${last.get(String(key))} of ${key}`).toBeGreaterThan(last.get(String(key)) ?? -1n)
    last.set(String(key), offset)
  })
  const deadLetters = await readCommitted(brokers, topics.deadLetters)
  expect(deadLetters.map(contentOf).toSorted()).toEqual(
    due
      .filter(({ rejection }) => rejection !== null)
      .map(({ record, rejection }) =>
        contentOf({
          ...record,
          headers: {
            ...record.headers,
            'outflow.reason': rejection!,
            'outflow.partition': String(record.partition),
            'outflow.offset': String(record.offset),
          },
        }),
      )
      .toSorted(),
  )
}

/** Returns the expected result of each record up to the stored offsets. */
async function dueSoFar(pipeline: ParcelPipeline): Promise<readonly Due[]> {
  const rows = await select(pipeline, 'select partition, next_offset from outflow.offsets')
  const ends = new Map(rows.map(({ partition, next_offset }) => [partition, BigInt(next_offset as string)]))
  const records = await readTopic(pipeline.brokers, pipeline.topics.source)
  const model = await activeModel(pipeline.pool, pipeline.name)
  const stored = records.filter(({ partition, offset }) => offset < (ends.get(partition) ?? 0n))
  return withDetector(model!.artefact, (detector) => decideAll(detector, stored))
}

async function decideAll(detector: Detector, records: readonly SeenRecord[]): Promise<readonly Due[]> {
  const unbroken = records.filter((record) => breakageOf(record) === null)
  const { features } = detector.metadata
  const reader = recordReader({ source: {}, features, maxBytes: Number.POSITIVE_INFINITY })
  const scores = await detector.score(
    unbroken.map((message) => {
      const record: JsonObject = JSON.parse(String(message.value))
      return sound(reader.read({ topic: '', ...message, record })).fields
    }),
  )
  const { isAnomaly } = decide(scores.pValue, { alertRate: PARCEL_ALERT_RATE })
  const places = new Map(unbroken.map((record, place) => [record, place]))
  return records.map((record) => {
    const place = places.get(record) ?? -1
    const nll = scores.nll[place] ?? Number.NaN
    return { record, rejection: breakageOf(record), nll, isAnomaly: isAnomaly[place] === 1 }
  })
}

/** Why a message is rejected, by its header; null: it is scored. */
export function breakageOf({ headers }: SeenRecord): string | null {
  const truth = String(headers.truth)
  return truth === 'normal' || truth === 'odd' ? null : truth
}

/** A batch of another size may be summed in another order, in float32. */
export function expectNear(found: number, due: number): void {
  expect(Math.abs(found - due)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(due)))
}

const positionOf = ({ partition, offset }: { readonly partition?: unknown; readonly offset?: unknown }) =>
  `${partition}/${offset}`

/** The content of a dead letter that is the same in every run, its bytes as hex. */
function contentOf({ key, value, headers }: Pick<SeenRecord, 'key' | 'value' | 'headers'>): string {
  const header = (name: string) => String(headers[name])
  return [
    header('outflow.partition'),
    header('outflow.offset'),
    header('outflow.reason'),
    header('truth'),
    key?.toString('hex') ?? 'no key',
    value?.toString('hex') ?? 'no value',
  ].join(' ')
}

async function select({ pool }: ParcelPipeline, text: string): Promise<readonly Record<string, unknown>[]> {
  const { rows } = await pool.query(text)
  return rows as readonly Record<string, unknown>[]
}
