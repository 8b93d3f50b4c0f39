import { suppressionRuleSchema } from '@outflow/contracts'
import { openPool, type Queryable, withTransaction } from '@outflow/store'
import { writeBatch } from '@outflow/store/batch'
import { deleteOutboxThrough, outboxDepth, takeOutbox, untilOnDisk } from '@outflow/store/outbox'
import { addSuppression } from '@outflow/store/suppressions'
import { deliveriesOf, dueDeliveries } from '@outflow/store/webhooks'
import { beforeAll, describe, expect, it } from 'vitest'
import { pool } from '../support/a-pool.js'
import { eventually } from '../support/eventually.js'
import { lockWaits } from '../support/lock-waits.js'
import { aBatch, aPipeline } from '../support/stored-batches.js'

describe('the outbox', () => {
  it('is numbered in commit order', async () => {
    const pipeline = await aPipeline()
    const late = openPool(pool.options.connectionString!)
    await withTransaction(late, async (client) => {
      // Gets its identity value first, and commits last.
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
  })

  it('is on disk with its numbers after untilOnDisk, although neither the writer nor the numbering waited, nor does the role by default', async () => {
    const pipeline = await aPipeline()
    const target = new URL(pool.options.connectionString!)
    target.searchParams.set('options', '-c synchronous_commit=off')
    const hasty = openPool(target.href)
    await writeBatch(hasty, aBatch(pipeline, 0n, 3n))
    for (let offset = 3n; offset < 60n; offset += 3n) {
      await writeBatch(hasty, aBatch(pipeline, offset, offset + 3n))
      await takeOutbox(hasty, { pipeline, limit: 1 })
      const { rows: written } = await pool.query<{ at: string }>('select pg_current_wal_insert_lsn() as at')
      await untilOnDisk(hasty)
      const { rows } = await pool.query('select pg_current_wal_flush_lsn() >= $1::pg_lsn as flushed', [written[0]!.at])
      expect(rows).toEqual([{ flushed: true }])
    }
    await hasty.end()
  })

  it('gets no numbers while a rule may hide alerts, until they are decided', async () => {
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

  it('reads each of many new rows a few times, also by a plan that was made for few', async () => {
    const pipeline = await aPipeline()
    const read = await withTransaction(pool, async (client) => {
      await client.query('set local plan_cache_mode = force_generic_plan')
      await takeOutbox(client, { pipeline, limit: 10 })
      await client.query(
        `insert into outflow.outbox (pipeline, kind, topic, headers)
         select $1, 'alert', 'burst', '[]' from generate_series(1, 1000)`,
        [pipeline],
      )
      expect(await takeOutbox(client, { pipeline, limit: 1_000 })).toHaveLength(1_000)
      const { rows } = await client.query<{ read: number }>(
        `select (seq_tup_read + idx_tup_fetch)::float8 as read from pg_stat_xact_user_tables where relid = 'outflow.outbox'::regclass`,
      )
      return rows[0]!.read
    })
    expect(read).toBeLessThan(20_000)
  })

  it('reads no more of a backlog after a rule has expired (each batch read all rows that had no number)', async () => {
    const pipeline = await aPipeline()
    const [before, after] = await withTransaction(pool, async (client) => {
      await client.query('set local enable_seqscan = off')
      await client.query(
        `insert into outflow.outbox (pipeline, kind, topic, headers)
         select $1, 'alert', 'backlog', '[]' from generate_series(1, 1000)`,
        [pipeline],
      )
      const rowsRead = async () => {
        const { rows } = await client.query<{ read: number }>(
          `select idx_tup_fetch::float8 as read from pg_stat_xact_user_tables where relid = 'outflow.outbox'::regclass`,
        )
        return rows[0]!.read
      }
      const readByTaking = async () => {
        const earlier = await rowsRead()
        expect(await takeOutbox(client, { pipeline, limit: 10 })).toHaveLength(10)
        return (await rowsRead()) - earlier
      }
      const withoutRule = await readByTaking()
      await client.query(
        `insert into outflow.suppressions (pipeline, entity, zone, why, created_by, created_at, expires_at)
         values ($1, 'LAX', 'UTC', 'works on the runway', 'a test', now() - interval '2 days', now() - interval '1 day')`,
        [pipeline],
      )
      return [withoutRule, await readByTaking()]
    })
    expect(after).toBeLessThan(before! + 100)
  })

  it('deletes sent rows, of this pipeline only', async () => {
    const pipeline = await aPipeline()
    const other = await aPipeline()
    for (const name of [pipeline, other]) {
      await writeBatch(pool, aBatch(name, 0n, 3n))
      await takeOutbox(pool, { pipeline: name, limit: 10 })
    }
    await deleteOutboxThrough(pool, pipeline, 1n)
    expect(await outboxDepth(pool, pipeline)).toBe(1)
    expect(await outboxDepth(pool, other)).toBe(2)
  })
})

describe('issue 17: a second leader that numbers the outbox at the same moment', () => {
  it('changes no number that the first one assigned, and returns none of the rows again', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const second = await pool.connect()
    let late: ReturnType<typeof takeOutbox> | undefined
    const first = await withTransaction(pool, async (client) => {
      const taken = await takeOutbox(client, { pipeline, limit: 10 })
      late = takeOutbox(second, { pipeline, limit: 10 })
      await eventually(async () => (await lockWaits(pool)) === 1, { what: 'the second leader waits for the first' })
      return taken
    })
    const again = await late
    second.release()

    expect(again).toEqual([])
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toEqual(first)
  })
})

describe('webhook deliveries', () => {
  it('are due with the time tried by the clock of Postgres (hosts whose clock was ahead gave up too early)', async () => {
    const pipeline = await aPipeline()
    const firstAttempts = [null, '1 h']
    for (const [at, ago] of firstAttempts.entries()) {
      await pool.query(
        `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload, first_attempt_at)
         values ($1, 'pager', $2, 'x', now() - $3::interval)`,
        [pipeline, at, ago],
      )
    }
    const due = await dueDeliveries(pool, { pipeline, webhook: 'pager', limit: 2 })
    expect(due.map(({ triedForMs }) => Math.floor(triedForMs / 3_600_000))).toEqual([0, 1])
  })

  describe('of 20,000 events that wait', () => {
    let pipeline: string
    beforeAll(async () => {
      pipeline = await aPipeline()
      await pool.query(
        `insert into outflow.webhook_deliveries (pipeline, webhook, event_id, payload)
         select $1, 'pager', event, 'x' from generate_series(1, 20000) as event`,
        [pipeline],
      )
      await pool.query('analyze outflow.webhook_deliveries')
    })
    const explain = ({ text, values }: { text: string; values: unknown[] }) =>
      pool.query(`explain (format json) ${text}`, values)
    const db = { query: explain } as unknown as Queryable

    it('those of one are read alone (each anomaly page read the whole table)', async () => {
      const [plan] = await deliveriesOf(db, { pipeline, eventId: '7' })
      // The cost of one search of the index; with all webhooks in between it was 577.
      expect(plan).toMatchObject({ 'QUERY PLAN': [{ Plan: { 'Total Cost': expect.closeTo(8, -1) } }] })
    })

    it('the first due ones are read alone (each time, all were read: 0.9 s with 100,000)', async () => {
      const plan = await dueDeliveries(db, { pipeline, webhook: 'pager', limit: 1 })
      expect(JSON.stringify(plan)).not.toContain('hashed')
    })
  })
})
