import { once } from 'node:events'
import { suppressionRuleSchema } from '@outflow/contracts'
import {
  isLed,
  OutboxRewound,
  openPool,
  type Pool,
  StoreRefused,
  StoreUnavailable,
  withLeadership,
  withTransaction,
} from '@outflow/store'
import { anomalyAt, strangestAnomalies } from '@outflow/store/anomalies'
import {
  type BatchWrite,
  loadWindowStates,
  partitionCounters,
  storedFdrState,
  storedPositions,
  writeBatch,
} from '@outflow/store/batch'
import { rejectedByReason } from '@outflow/store/dead-letters'
import { deleteOutboxThrough, firstOfOutbox, outboxDepth, takeOutbox, untilOnDisk } from '@outflow/store/outbox'
import { applyRetention } from '@outflow/store/retention'
import { minuteRejections, minuteScores, NLL_BUCKETS } from '@outflow/store/statistics'
import { addSuppression } from '@outflow/store/suppressions'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { beginPartition } from '../support/begin-partition.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName } from '../support/infrastructure.js'

const TOPIC = 'flights'
const NOW = Date.now()

let pool: Pool
beforeAll(async () => {
  pool = openPool(await aDatabase())
})
afterAll(() => pool.end())

describe('the state of false-discovery control', () => {
  const stateAt = (pipeline: string) => storedFdrState(pool, { pipeline, topic: TOPIC, partition: 0 })

  it('moves with the offset, and only with it', async () => {
    const pipeline = await aPipeline()
    expect(await stateAt(pipeline)).toBeNull()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), fdrState: { fdr: 0.1, tested: 3, first: 2, later: [] } })
    const second = { fdr: 0.1, tested: 6, first: 2, later: [5] }
    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), fdrState: second })
    expect(await stateAt(pipeline)).toEqual(second)
    const late = { ...aBatch(pipeline, 3n, 9n), fdrState: { fdr: 0.1, tested: 9, first: 2, later: [] } }
    expect(await writeBatch(pool, late)).toBe('superseded')
    expect(await stateAt(pipeline)).toEqual(second)
  })

  it('goes when its offsets are deleted: the pipeline begins anew', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), fdrState: { fdr: 0.1, tested: 3, first: null, later: [] } })
    await pool.query('delete from outflow.offsets where pipeline = $1', [pipeline])
    expect(await stateAt(pipeline)).toBeNull()
  })
})

describe('window states', () => {
  const entities = ['LAX', 'JFK', 'SFO'].map((entity) => ({ by: 'key', entity }))
  const stateOf = (entity: string, ...bytes: number[]) => ({ by: 'key', entity, state: Uint8Array.from(bytes) })
  const load = async (pipeline: string) =>
    (await loadWindowStates(pool, { pipeline, topic: TOPIC, partition: 0 }, entities))
      .map(({ by, entity, state }) => [by, entity, [...state]])
      .toSorted()

  it('move with the offset, and only with it', async () => {
    const pipeline = await aPipeline()
    const windowStates = [stateOf('LAX', 1, 2, 255), stateOf('JFK', 3)]
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates })
    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), windowStates: [stateOf('JFK', 4)] })
    expect(await load(pipeline)).toEqual([
      ['key', 'JFK', [4]],
      ['key', 'LAX', [1, 2, 255]],
    ])

    const late = { ...aBatch(pipeline, 3n, 9n), windowStates: [stateOf('JFK', 9), stateOf('SFO', 9)] }
    expect(await writeBatch(pool, late)).toBe('superseded')
    expect((await load(pipeline)).map(([, , bytes]) => bytes)).toEqual([[4], [1, 2, 255]])
  })

  it('go when their offsets are deleted: the pipeline begins anew', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates: [stateOf('LAX', 1)] })
    await pool.query('delete from outflow.offsets where pipeline = $1', [pipeline])
    expect(await load(pipeline)).toEqual([])
  })

  it('go when their entity came no more while the partition moved on, not while all stood still', async () => {
    const pipeline = await aPipeline()
    const retention = { pipeline, anomaliesMs: 1e12, statisticsMs: 1e12, windowStatesMs: 3_600_000 }
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates: [stateOf('LAX', 1), stateOf('JFK', 1)] })
    const longAgo = "set updated_at = updated_at - interval '2 h' where pipeline = $1"
    await pool.query(`update outflow.window_states ${longAgo}`, [pipeline])
    await pool.query(`update outflow.offsets ${longAgo}`, [pipeline])
    await applyRetention(pool, retention)
    expect(await load(pipeline)).toHaveLength(2)

    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), windowStates: [stateOf('LAX', 2)] })
    await applyRetention(pool, retention)
    expect(await load(pipeline)).toEqual([['key', 'LAX', [2]]])
  })
})

describe('writeBatch', () => {
  it('writes anomalies, outbox, dead letters, counters and offset together', async () => {
    const pipeline = await aPipeline()
    expect(await writeBatch(pool, aBatch(pipeline, 0n, 3n))).toBe('written')

    expect((await storedPositions(pool, { pipeline, topic: TOPIC })).get(0)).toEqual({ nextOffset: 3n, topicId: null })
    expect(await partitionCounters(pool, pipeline)).toEqual([
      {
        topic: TOPIC,
        partition: 0,
        nextOffset: 3n,
        received: 3,
        scored: 2,
        rejected: 1,
        skipped: 0,
        anomalies: 1,
        alerts: 1,
        missed: 0,
      },
    ])
    expect(await outboxDepth(pool, pipeline)).toMatchObject({ rows: 2 })
    expect(await rejectedByReason(pool, pipeline)).toEqual({ undecodable: 1 })
    const { rows } = await pool.query(
      'select reason, value_bytes, octet_length(value_start) as kept from outflow.dead_letters where pipeline = $1',
      [pipeline],
    )
    expect(rows).toEqual([{ reason: 'undecodable', value_bytes: 3_000, kept: 1_024 }])
  })

  it('issue 17.10: counts skipped tombstones apart from the records, in a batch of any kind', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 5n), skipped: 2 })
    await writeBatch(pool, { ...aBatch(pipeline, 5n, 9n), skipped: 1 })
    const tombstones = {
      received: 0,
      scored: 0,
      anomalies: [],
      deadLetters: [],
      outbox: [],
      scores: [],
      rejections: [],
    }
    await writeBatch(pool, { ...aBatch(pipeline, 9n, 13n), ...tombstones, skipped: 4 })
    expect(await partitionCounters(pool, pipeline)).toMatchObject([
      { nextOffset: 13n, received: 6, scored: 4, rejected: 2, skipped: 7 },
    ])
  })

  it('writes nothing when another writer moved the offset', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const before = await everything(pipeline)

    expect(await writeBatch(pool, aBatch(pipeline, 0n, 3n))).toBe('superseded')
    expect(await writeBatch(pool, aBatch(pipeline, 2n, 5n))).toBe('superseded')
    expect(await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), partition: 1 })).toBe('superseded')
    expect(await everything(pipeline)).toEqual(before)
  })

  it('counts a batch without anomalies and dead letters like any other, and once', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const plain = {
      ...aBatch(pipeline, 3n, 5n),
      ...{ received: 2, scored: 2, anomalies: [], deadLetters: [], outbox: [], rejections: [] },
      scores: minuteScores('m', [NOW, NOW], [2, 40], [0, 0], [0.5, 0.25]),
    }
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => writeBatch(pool, plain)))
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1)
    expect(await partitionCounters(pool, pipeline)).toMatchObject([
      { nextOffset: 5n, received: 5, scored: 4, rejected: 1, anomalies: 1, alerts: 1 },
    ])
    const { rows } = await pool.query(
      `select scored::int, anomalies::int, nll_min, nll_max, nll_sum, histogram::int[], p_histogram::int[] as "pHistogram"
       from outflow.score_statistics where pipeline = $1`,
      [pipeline],
    )
    const [whole] = minuteScores('m', [NOW, NOW, NOW, NOW], [1, 12.5, 2, 40], [0, 1, 0, 0], [0.5, 0.001, 0.5, 0.25])
    const { histogram, pHistogram } = whole!
    expect(rows).toEqual([{ scored: 4, anomalies: 1, nll_min: 1, nll_max: 40, nll_sum: 55.5, histogram, pHistogram }])
  })

  it('counts a redelivered batch once, when sixteen writers try at the same time', async () => {
    const pipeline = await aPipeline()
    for (const [expected, next] of [
      [0n, 3n],
      [3n, 6n],
    ] as const) {
      const outcomes = await Promise.all(
        Array.from({ length: 16 }, () => writeBatch(pool, aBatch(pipeline, expected, next))),
      )
      expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1)
    }
    expect(await partitionCounters(pool, pipeline)).toMatchObject([{ received: 6, anomalies: 2 }])
    expect(await outboxDepth(pool, pipeline)).toMatchObject({ rows: 4 })
  })

  it('leaves no trace of a batch that Postgres refuses', async () => {
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

  it('stores what a hostile record says, as far as Postgres can hold it', async () => {
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

  it('merges minutes exactly', async () => {
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

  it('gives the strangest first', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n, 7))
    await writeBatch(pool, aBatch(pipeline, 3n, 6n, 9))
    const strangest = await strangestAnomalies(pool, { pipeline, limit: 5 })
    expect(strangest.map(({ nll, offset }) => [nll, offset])).toEqual([
      [9, 5n],
      [7, 2n],
    ])
    expect(await strangestAnomalies(pool, { pipeline, limit: 5, detectedSince: new Date(NOW + 1e9) })).toEqual([])
  })
})

describe('the outbox', () => {
  it('is numbered in commit order, and gives back what was put in', async () => {
    const pipeline = await aPipeline()
    const late = openPool(pool.options.connectionString!)
    await withTransaction(late, async (client) => {
      // Takes its identity value first, commits last.
      await client.query(
        `insert into outflow.outbox (pipeline, kind, topic, headers) values ($1, 'alert', 'late', '[]')`,
        [pipeline],
      )
      await writeBatch(pool, aBatch(pipeline, 0n, 3n))
      expect((await takeOutbox(pool, { pipeline, limit: 10 })).map(({ topic }) => topic)).toEqual(['alerts', 'dead'])
    })
    await late.end()

    const rows = await takeOutbox(pool, { pipeline, limit: 10 })
    expect(rows.map(({ sequence, topic }) => [sequence, topic])).toEqual([
      [1n, 'alerts'],
      [2n, 'dead'],
      [3n, 'late'],
    ])
    expect(rows[1]).toMatchObject({
      kind: 'dead_letter',
      key: null,
      payload: Buffer.from([0, 255]),
      headers: [
        ['h\0', Buffer.from('text')],
        ['h\0', Buffer.from([0, 200])],
      ],
    })
  })

  it('is on disk with its numbers when that is asked for, though neither who wrote it nor who numbered it waited', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    for (let offset = 3n; offset < 60n; offset += 3n) {
      await writeBatch(pool, aBatch(pipeline, offset, offset + 3n))
      await takeOutbox(pool, { pipeline, limit: 1 })
      const { rows: written } = await pool.query<{ at: string }>('select pg_current_wal_insert_lsn() as at')
      await untilOnDisk(pool)
      const { rows } = await pool.query('select pg_current_wal_flush_lsn() >= $1::pg_lsn as flushed', [written[0]!.at])
      expect(rows).toEqual([{ flushed: true }])
    }
  })

  it('gets no numbers while a rule hides alerts: then it is decided on first', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const numbered = await takeOutbox(pool, { pipeline, limit: 10 })
    const rule = suppressionRuleSchema.parse({
      entity: 'LAX',
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    })
    await addSuppression(pool, { pipeline, rule, why: 'works on the runway', by: 'a test' })
    await writeBatch(pool, aBatch(pipeline, 3n, 6n))
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toEqual(numbered)
    await deleteOutboxThrough(pool, pipeline, numbered.at(-1)!.sequence)
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toEqual([])
  })

  it('stops before the bytes that it may give, but gives one row always', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    expect(await takeOutbox(pool, { pipeline, limit: 10, maxBytes: 1 })).toHaveLength(1)
    expect(await takeOutbox(pool, { pipeline, limit: 1 })).toHaveLength(1)
  })

  it('deletes what was sent, of this pipeline only, and refuses a number that it never gave', async () => {
    const pipeline = await aPipeline()
    const other = await aPipeline()
    for (const name of [pipeline, other]) {
      await writeBatch(pool, aBatch(name, 0n, 3n))
      await takeOutbox(pool, { pipeline: name, limit: 10 })
    }
    expect(await deleteOutboxThrough(pool, pipeline, 1n)).toBe(1)
    expect(await outboxDepth(pool, pipeline)).toMatchObject({ rows: 1 })
    expect(await outboxDepth(pool, other)).toMatchObject({ rows: 2 })
    await expect(deleteOutboxThrough(pool, pipeline, 3n)).rejects.toBeInstanceOf(OutboxRewound)
    expect(await outboxDepth(pool, pipeline)).toMatchObject({ rows: 1 })
  })
})

describe('issue 17: a second leader that numbers the outbox at the same moment', () => {
  it('changes no number that the first one gave, and gives none of the rows again', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const second = await pool.connect()
    let late: ReturnType<typeof takeOutbox> | undefined
    const { rows: backend } = await second.query<{ pid: number }>('select pg_backend_pid() as pid')
    const first = await withTransaction(pool, async (client) => {
      const taken = await takeOutbox(client, { pipeline, limit: 10 })
      late = takeOutbox(second, { pipeline, limit: 10 })
      await eventually(() => waitsForLock(backend[0]!.pid), { what: 'the second leader waits for the first' })
      return taken
    })
    const again = await late
    second.release()

    expect(again).toEqual([])
    expect(await firstOfOutbox(pool, { pipeline, limit: 10 })).toEqual(first)
  })
})

async function waitsForLock(pid: number): Promise<boolean> {
  const { rowCount } = await pool.query(`select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`, [
    pid,
  ])
  return rowCount === 1
}

describe('retention', () => {
  it('drops whole days, spares other pipelines, and clears the default partition by age of detection', async () => {
    const [mine, other] = [await aPipeline(), await aPipeline()]
    const dayMs = 86_400_000
    await writeBatch(pool, aBatch(mine, 0n, 3n, 1, NOW - 20 * dayMs))
    await writeBatch(pool, aBatch(mine, 3n, 6n, 1, NOW - 21 * dayMs))
    await writeBatch(pool, aBatch(mine, 6n, 9n, 1, 0))
    await writeBatch(pool, aBatch(other, 0n, 3n, 1, NOW - 21 * dayMs))
    const retention = { anomaliesMs: 10 * dayMs, statisticsMs: dayMs }

    const { dropped, behindMs } = await applyRetention(pool, { pipeline: mine, ...retention })
    expect(behindMs).toBe(0)

    expect(dropped).toEqual([`anomalies_${new Date(NOW - 20 * dayMs).toISOString().slice(0, 10).replaceAll('-', '')}`])
    expect((await strangestAnomalies(pool, { pipeline: mine, limit: 9 })).map(({ offset }) => offset)).toEqual([8n])
    expect(await strangestAnomalies(pool, { pipeline: other, limit: 9 })).toHaveLength(1)
    await pool.query(
      `update outflow.anomalies set detected_at = detected_at - interval '11 days' where pipeline = $1`,
      [mine],
    )
    await applyRetention(pool, { pipeline: mine, ...retention })
    expect(await strangestAnomalies(pool, { pipeline: mine, limit: 9 })).toEqual([])
    expect(await partitionCounters(pool, mine)).toMatchObject([{ anomalies: 3 }])
  })

  it('issue 17.23: a clock that jumps ahead removes one day of data an hour, however often retention is applied', async () => {
    const pipeline = await aPipeline()
    const dayMs = 86_400_000
    const retention = { pipeline, anomaliesMs: 90 * dayMs, statisticsMs: 30 * dayMs }
    // Seen from a clock that is 200 days ahead, the last run and all rows are 200 days old.
    const then = NOW - 200 * dayMs
    for (let day = 0; day < 3; day++) {
      const from = BigInt(3 * day)
      await writeBatch(pool, aBatch(pipeline, from, from + 3n, 1, then - (88 + day) * dayMs - 1))
    }
    await pool.query(
      `update outflow.score_statistics set updated_at = now() - interval '200 days' where pipeline = $1`,
      [pipeline],
    )
    await applyRetention(pool, { ...retention, anomaliesMs: 1e12, statisticsMs: 1e12 })
    await pool.query('update outflow.retention_clocks set as_of = $2, ran_at = $2 where pipeline = $1', [
      pipeline,
      new Date(then),
    ])
    const left = async () => (await strangestAnomalies(pool, { pipeline, limit: 9 })).length

    const { behindMs, asOf } = await applyRetention(pool, retention)
    expect(asOf).toEqual(new Date(then + dayMs))
    expect(Math.round(behindMs / dayMs)).toBe(199)
    expect(await left()).toBe(2)
    const { rowCount } = await pool.query('select from outflow.score_statistics where pipeline = $1', [pipeline])
    expect(rowCount).toBeGreaterThan(0)
    for (let restart = 0; restart < 5; restart++) await applyRetention(pool, retention)
    expect(await left()).toBe(2)

    // A shorter retention is asked for: it applies at once.
    await applyRetention(pool, { ...retention, anomaliesMs: 80 * dayMs })
    expect(await left()).toBe(0)
  })

  it('issue 17.23: after a clock was set back, retention goes by the earlier time', async () => {
    const pipeline = await aPipeline()
    const retention = { pipeline, anomaliesMs: 1e12, statisticsMs: 1e12 }
    await applyRetention(pool, retention)
    await pool.query(
      `update outflow.retention_clocks set as_of = now() + interval '400 days', ran_at = now() + interval '400 days' where pipeline = $1`,
      [pipeline],
    )
    const { asOf, behindMs } = await applyRetention(pool, retention)
    expect(behindMs).toBe(0)
    expect(Math.abs(asOf.getTime() - Date.now())).toBeLessThan(60_000)
  })
})

describe('withLeadership', () => {
  it('lets one lead at a time', async () => {
    let leading = 0
    const lead = () =>
      withLeadership(
        pool,
        'relay of a test',
        async () => {
          leading += 1
          expect(leading).toBe(1)
          await pool.query('select pg_sleep(0.05)')
          leading -= 1
          return 'led'
        },
        { retryMs: 10 },
      )
    expect(await Promise.all([lead(), lead(), lead()])).toEqual(['led', 'led', 'led'])
  })

  it('is missed by Postgres within ten seconds, should its machine lose its power', async () => {
    const settings = await withLeadership(pool, 'kept alive', async ({ client }) => {
      const { rows } = await client.query<{ name: string; setting: string }>(
        `select name, setting from pg_settings where name like 'tcp_keepalives%' order by name`,
      )
      return rows.map(({ setting }) => Number(setting))
    })
    const [count, idle, interval] = settings!
    expect(idle! + count! * interval!).toBeLessThanOrEqual(10)
  })

  it('gives up waiting when asked to', async () => {
    const stop = new AbortController()
    await withLeadership(pool, 'held', async () => {
      const waiting = withLeadership(pool, 'held', async () => 'led', { signal: stop.signal, retryMs: 10_000 })
      stop.abort()
      expect(await waiting).toBeNull()
    })
  })

  it('issue 17.27: passes on within moments of the end of the session that led', async () => {
    const killed = withLeadership(pool, 'killed', async ({ client }) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      const waiting = withLeadership(pool, 'killed', async () => isLed(pool, 'killed'), { retryMs: 10 })
      expect(await isLed(pool, 'killed')).toBe(true)
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
      expect(await waiting).toBe(true)
    })
    await expect(killed).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await isLed(pool, 'killed')).toBe(false)
  })

  it('issue 17.27: is not held by a row whose process id another session has now, nor by a restored one', async () => {
    await pool.query(
      `insert into outflow.leaderships (name, database_oid, pid, backend_start)
       select 'reused', datid, pid, backend_start - interval '1 s' from pg_stat_activity where pid = pg_backend_pid()
       union all select 'restored', datid::int8 + 1, pid, backend_start from pg_stat_activity where pid = pg_backend_pid()`,
    )
    for (const name of ['reused', 'restored']) expect(await withLeadership(pool, name, async () => 'led')).toBe('led')
  })

  it('notifies the leader when its connection is lost', async () => {
    const led = withLeadership(pool, 'lost', async ({ client, signal }) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
      // The news of the end may come before the answer to the question that brought it about.
      if (!signal.aborted) await once(signal, 'abort')
      return 'led'
    })
    await expect(led).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

/** A pipeline whose partition 0 begins at offset 0. */
async function aPipeline(): Promise<string> {
  const pipeline = aName('pipeline')
  await beginPartition(pool, { pipeline, topic: TOPIC })
  return pipeline
}

async function everything(pipeline: string): Promise<unknown> {
  const tables = ['offsets', 'anomalies', 'outbox', 'dead_letters', 'score_statistics', 'rejection_statistics']
  return Promise.all(
    tables.map(async (table) => {
      const { rows } = await pool.query(`select * from outflow.${table} where pipeline = $1 order by 1, 2, 3, 4`, [
        pipeline,
      ])
      return rows
    }),
  )
}

/** Three records: one rejected, one normal, one anomaly that is alerted. */
function aBatch(
  pipeline: string,
  expectedOffset: bigint,
  nextOffset: bigint,
  nll = 12.5,
  recordTimeMs = NOW,
): BatchWrite {
  return {
    pipeline,
    topic: TOPIC,
    partition: 0,
    expectedOffset,
    nextOffset,
    received: 3,
    scored: 2,
    anomalies: [
      {
        offset: nextOffset - 1n,
        recordTimeMs,
        eventTimeMs: NOW,
        entityKey: 'LAX',
        record: { origin: 'LAX', distance: 3_983 },
        nll,
        pValue: 0.0004,
        severity: 'high',
        pUpper: 0.002,
        counterfactual: null,
        missing: ['delay'],
        reasons: [],
        modelId: 'm',
      },
    ],
    deadLetters: [
      {
        offset: nextOffset - 3n,
        recordTimeMs,
        reason: 'undecodable',
        detail: 'not JSON: \0',
        key: null,
        value: new Uint8Array(3_000),
      },
    ],
    outbox: [
      { kind: 'alert', topic: 'alerts', key: Buffer.from('LAX'), payload: Buffer.from('{}'), headers: [] },
      {
        kind: 'dead_letter',
        topic: 'dead',
        key: null,
        payload: Buffer.from([0, 255]),
        headers: [
          ['h\0', 'text'],
          ['h\0', Buffer.from([0, 200])],
        ],
      },
    ],
    scores: minuteScores('m', [recordTimeMs, recordTimeMs], [1, nll], [0, 1], [0.5, 0.001]),
    rejections: minuteRejections([{ recordTimeMs, reason: 'undecodable' }]),
  }
}

function nested(levels: number): unknown {
  return JSON.parse('['.repeat(levels) + ']'.repeat(levels))
}
