import { StoreRefused } from '@outflow/store'
import { anomalyAt, earlierDecisions, leastLikelyAnomalies } from '@outflow/store/anomalies'
import { type BatchWrite, makeBatchWriter, partitionCounters, writeBatch } from '@outflow/store/batch'
import { listDeadLetters, queueResends, rejectionsSince } from '@outflow/store/dead-letters'
import { recentRate } from '@outflow/store/pipelines'
import { minuteScores, NLL_BUCKETS } from '@outflow/store/statistics'
import { describe, expect, it, vi } from 'vitest'
import { pool } from '../support/a-pool.js'
import { beginPartition, NO_ROWS } from '../support/begin-partition.js'
import { aBatch, aPipeline, NOW, TOPIC } from '../support/stored-batches.js'

describe('writeBatch', () => {
  it('stores the beginning of a rejected record, and how long it was', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const { rows } = await pool.query(
      'select reason, value_bytes, octet_length(value_start) as kept from outflow.dead_letters where pipeline = $1',
      [pipeline],
    )
    expect(rows).toEqual([{ reason: 'undecodable', value_bytes: 3_000, kept: 1_024 }])
  })

  it('counts a record rejected now as such, whatever its own time (an old one was not counted)', async () => {
    const pipeline = await aPipeline()
    const letter = { ...{ offset: 0n, recordTimeMs: 0, reason: 'empty' as const }, detail: '', key: null, value: null }
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 1n), ...NO_ROWS, received: 1, deadLetters: [letter] })
    const [rejected, ...others] = await rejectionsSince(pool, { pipeline, since: new Date(Date.now() - 60_000) })
    expect([rejected, others]).toEqual([{ reason: 'empty', count: 1, lastAt: expect.any(Date) }, []])
  })

  it('lists the newest dead letters that were not resent (a repeated resend selected the same ones again)', async () => {
    const pipeline = await aPipeline()
    for (const offset of [0n, 3n, 6n]) await writeBatch(pool, aBatch(pipeline, offset, offset + 3n))
    const newest = await listDeadLetters(pool, { pipeline, limit: 1 })
    const message = { kind: 'resent' as const, topic: TOPIC, key: null, payload: null, headers: [] }
    await queueResends(
      pool,
      pipeline,
      newest.map((letter) => ({ ...letter, corrected: false, message })),
    )
    const next = await listDeadLetters(pool, { pipeline, notResent: true, limit: 1 })
    expect([...newest, ...next].map(({ offset }) => offset)).toEqual([6n, 3n])
  })

  it('gives the rate of scored and rejected records by their own time, so without those of a backlog', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    await writeBatch(pool, aBatch(pipeline, 3n, 6n, 12.5, NOW - 3_600_000))
    const rate = await recentRate(pool, pipeline)
    expect(rate).toBeGreaterThanOrEqual(3 / 120)
    expect(rate).toBeLessThanOrEqual(3 / 60)
  })

  it('writes nothing of a topic that has been created again, although the new topic has reached the same offset', async () => {
    const pipeline = await aPipeline()
    await pool.query(`update outflow.offsets set topic_id = 'new' where pipeline = $1`, [pipeline])
    const of = (topicId: string) => ({ ...aBatch(pipeline, 0n, 3n), topicId })
    const plainOf = (topicId: string) => ({ ...aPlainBatch(pipeline, 0n, 2n), topicId })
    expect(await writeBatch(pool, of('former'))).toBe('superseded')
    expect(await makeBatchWriter(pool)(plainOf('former'))).toBe('superseded')
    expect(await partitionCounters(pool, pipeline)).toMatchObject([{ nextOffset: 0n, received: 0 }])
    expect(await makeBatchWriter(pool)(plainOf('new'))).toBe('written')
  })

  it('returns the decision on a record only for its own time (a record of a topic that was created again had that of the earlier one)', async () => {
    const pipeline = await aPipeline()
    const times = [NOW, NOW - 3_600_000]
    for (const timestampMs of times) {
      await writeBatch(pool, aBatch(pipeline, 0n, 3n, 12.5, timestampMs))
      await pool.query('update outflow.offsets set next_offset = 0 where pipeline = $1', [pipeline])
    }
    const { pValueOf } = await earlierDecisions(pool, pipeline, { topic: TOPIC, partition: 0, first: 0n, last: 3n })
    const pValues = [...times, NOW + 1].map((timestampMs) => pValueOf({ offset: 2n, timestampMs }))
    expect(pValues).toEqual([0.0004, 0.0004, null])
  })

  it('issue 17.10: counts skipped tombstones separately from the records, in a batch of any kind', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 5n), skipped: 2 })
    await writeBatch(pool, { ...aBatch(pipeline, 5n, 9n), skipped: 1 })
    await writeBatch(pool, { ...aBatch(pipeline, 9n, 13n), ...NO_ROWS, skipped: 4 })
    expect(await partitionCounters(pool, pipeline)).toMatchObject([
      { nextOffset: 13n, received: 6, scored: 4, rejected: 2, skipped: 7 },
    ])
  })

  it('writes nothing of a batch that Postgres rejects', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const before = await everything(pipeline)

    await expect(writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), received: 4 })).rejects.toThrow(
      'offsets_every_record_counted_once',
    )
    const batch = aBatch(pipeline, 3n, 6n)
    const improbable = { ...batch.anomalies[0]!, pValue: 1.5 }
    await expect(writeBatch(pool, { ...batch, anomalies: [improbable] })).rejects.toBeInstanceOf(StoreRefused)
    expect(await everything(pipeline)).toEqual(before)
  })

  it('stores the text of a hostile record, as far as Postgres can store it', async () => {
    const pipeline = await aPipeline()
    const batch = aBatch(pipeline, 0n, 5n)
    const hostile = [
      { record: { 'a\0b': 'x\0y', lone: '\ud800', quote: '{"\\u0000"}\\' }, recordTimeMs: -1 },
      { record: nested(5_000), recordTimeMs: 9e18 },
      { record: [null, 1e308, ''], recordTimeMs: Date.UTC(1970, 0, 1), entityKey: 'k\0"{},\\' },
    ]
    const anomalies = hostile.map((odd, index) => ({ ...batch.anomalies[0]!, ...odd, offset: BigInt(index) }))
    await writeBatch(pool, { ...batch, received: 4, scored: 3, anomalies, outbox: [] })

    const at = (offset: bigint) => anomalyAt(pool, pipeline, { topic: TOPIC, partition: 0, offset })
    expect((await at(0n))?.record).toEqual({ 'a\uFFFDb': 'x\uFFFDy', lone: '\uFFFD', quote: '{"\\u0000"}\\' })
    expect((await at(1n))?.record).toEqual({ 'outflow.omitted': 'nested deeper than 500 levels' })
    expect(await at(2n)).toMatchObject({ record: [null, 1e308, ''], entityKey: 'k\uFFFD"{},\\' })
  })

  it('adds up the statistics of a minute exactly', async () => {
    const pipeline = await aPipeline()
    const batch = aBatch(pipeline, 0n, 3n)
    const nlls = [1, 2, 1e7, -3]
    await writeBatch(pool, { ...batch, scores: minuteScores('m', [NOW, NOW], nlls.slice(0, 2), [0, 0], [0.5, 1]) })
    await writeBatch(pool, {
      ...aBatch(pipeline, 3n, 6n),
      scores: minuteScores('m', [NOW, NOW], nlls.slice(2), [1, 0], [1e-9, 0.5]),
    })

    const { rows } = await pool.query(
      `select scored::int, anomalies::int, nll_min, nll_max, nll_sum, histogram, p_histogram
       from outflow.score_statistics where pipeline = $1`,
      [pipeline],
    )
    const [whole] = minuteScores('m', [NOW, NOW, NOW, NOW], nlls, [0, 0, 1, 0], [0.5, 1, 1e-9, 0.5])
    expect(rows).toEqual([
      {
        scored: 4,
        anomalies: 1,
        nll_min: -3,
        nll_max: 1e7,
        nll_sum: 1e7,
        histogram: whole!.histogram.map(String),
        p_histogram: whole!.pHistogram.map(String),
      },
    ])
    expect(rows[0].histogram).toHaveLength(NLL_BUCKETS)
  })

  it('returns the least likely first', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 7))
    await writeBatch(pool, aBatch(pipeline, 3n, 6n, 9))
    const leastLikely = await leastLikelyAnomalies(pool, { pipeline, limit: 5 })
    expect(leastLikely.map(({ nll, offset }) => [nll, offset])).toEqual([
      [9, 5n],
      [7, 2n],
    ])
  })
})

describe('makeBatchWriter', () => {
  it('writes batches of several partitions, each once and independently, also when one of them is superseded or rejected', async () => {
    const [together, alone] = [await aPipeline(), await aPipeline()]
    const partitions = [0, 1, 2, 3, 4, 5]
    for (const pipeline of [together, alone])
      for (const partition of partitions.slice(1)) await beginPartition(pool, { pipeline, topic: TOPIC, partition })
    const batchesOf = (pipeline: string) => [
      ...partitions.map((partition) => ({ ...aPlainBatch(pipeline, 0n, 2n), partition })),
      { ...aPlainBatch(pipeline, 2n, 5n), partition: 0 },
      { ...aBatch(pipeline, 2n, 5n), partition: 1, withholdsAlerts: true },
      ...[2, 3].map((partition) => ({ ...aBatch(pipeline, 2n, 5n), ...statesOf(partition), partition })),
      ...[4, 5].map((partition) => ({
        ...aBatch(pipeline, 2n, 5n),
        ...statesOf(partition),
        partition,
        shadow: SHADOW,
      })),
      ...partitions.map((partition) => ({ ...aPlainBatch(pipeline, 5n, 7n), partition })),
      { ...aBatch(pipeline, 3n, 9n), partition: 5 },
      { ...aPlainBatch(pipeline, 7n, 9n), partition: 0, received: 3 },
      { ...aBatch(pipeline, 7n, 10n), partition: 3 },
    ]
    const write = makeBatchWriter(pool)
    const outcomes: unknown[] = []
    for (const start of [0, 6, 12, 18]) {
      const round = batchesOf(together).slice(start, start + 6)
      const settled = await Promise.allSettled(round.map(write))
      outcomes.push(...settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message)))
    }
    const expected: unknown[] = []
    for (const batch of batchesOf(alone)) {
      expected.push(await writeBatch(pool, batch).catch((error: unknown) => (error as Error).message))
    }

    expect(outcomes).toEqual(expected)
    expect(outcomes.slice(-3)).toEqual(['superseded', expect.stringContaining('every_record_counted_once'), 'written'])
    expect(await everything(together)).toEqual(await everything(alone))
  })

  it('writes each batch once when two writers of the same partitions begin at once', async () => {
    const pipeline = await aPipeline()
    const partitions = Array.from({ length: 12 }, (_, partition) => partition)
    for (const partition of partitions.slice(1)) await beginPartition(pool, { pipeline, topic: TOPIC, partition })
    for (let round = 0n; round < 5n; round++) {
      const batches = partitions.map((partition) => ({
        ...aPlainBatch(pipeline, 2n * round, 2n * round + 2n),
        partition,
      }))
      const writers = [batches, batches.toReversed()].map((own) => own.map(makeBatchWriter(pool)))
      const outcomes = await Promise.all(writers.flat())
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(partitions.length)
    }
    const counters = await partitionCounters(pool, pipeline)
    expect(counters.map(({ nextOffset, scored }) => [nextOffset, scored])).toEqual(partitions.map(() => [10n, 10]))
  })
})

/** Two normal records. */
const aPlainBatch = (pipeline: string, expectedOffset: bigint, nextOffset: bigint) => ({
  ...aBatch(pipeline, expectedOffset, nextOffset),
  ...{ received: 2, scored: 2, anomalies: [], deadLetters: [], outbox: [] },
  scores: minuteScores('m', [NOW, NOW - 60_000], [Number(nextOffset), 40], [0, 0], [0.5, 0.25]),
})

const statesOf = (partition: number): Pick<BatchWrite, 'windowStates' | 'fdrState'> => ({
  windowStates: [{ by: '$.origin', entity: 'LAX', state: new Uint8Array([partition]) }],
  fdrState: { fdr: 0.1, tested: 3, first: partition, later: [] },
})

const SHADOW = {
  ...{ shadowId: 'b', modelId: 'm', scored: 2, anomaliesByBoth: 0, anomaliesByActive: 1, anomaliesByShadow: 1 },
  differences: (['active', 'shadow'] as const).map((anomalyBy, place) => ({
    ...{ offset: BigInt(3 + place), recordTimeMs: NOW, eventTimeMs: NOW, entityKey: null, record: {} },
    ...{ anomalyBy, nll: 12, pValue: 0.001, shadowNll: 3, shadowPValue: 0.5 },
  })),
}

/** The tables that a batch changes. */
const TABLES = [
  ...['offsets', 'anomalies', 'unsent_alerts', 'outbox', 'dead_letters', 'score_statistics', 'window_states'],
  ...['shadow_statistics', 'shadow_differences'],
]

/** Returns the rows of a pipeline by table, as texts, without ids and the times of writes. */
async function everything(pipeline: string): Promise<unknown> {
  const isOwn = ([column]: [string, unknown]) => !/^(id|pipeline|.*_at)$/.test(column)
  const tables = TABLES.map(async (table) => {
    const { rows } = await pool.query<object>(`select * from outflow.${table} where pipeline = $1`, [pipeline])
    return rows.map((row) => JSON.stringify(Object.entries(row).filter(isOwn))).toSorted()
  })
  return Promise.all(tables)
}

function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels))
}

it('sends a time of the year 1 exactly in any time zone (its anomaly never got reasons)', async () => {
  const time = new Date('0001-01-01T00:00:00.000Z')
  vi.stubEnv('TZ', 'Europe/Berlin')
  try {
    expect(time.getMinutes()).toBe(53)
    const { rows } = await pool.query('select $1::timestamptz = $2::timestamptz as "isSame"', [
      time,
      time.toISOString(),
    ])
    expect(rows).toEqual([{ isSame: true }])
  } finally {
    vi.unstubAllEnvs()
  }
})
