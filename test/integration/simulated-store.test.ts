import type { AlertBucket } from '@outflow/contracts'
import { isLed, OutboxRewound, PositionMoved, type Queryable, withLeadership, withTransaction } from '@outflow/store'
import {
  beginPartitions,
  loadWindowStates,
  partitionCounters,
  skipMissed,
  storedFdrState,
  storedPositions,
  writeBatch,
} from '@outflow/store/batch'
import {
  alertBuckets,
  claimOutboxOrder,
  deleteOutboxThrough,
  hasAlertControl,
  queueMessages,
  requireOutboxNumbered,
  takeOutbox,
  type UnnumberedRow,
  unnumberedRows,
  untilOnDisk,
  updateAlertBuckets,
  withholdAlerts,
} from '@outflow/store/outbox'
import { expect } from 'vitest'
import { holdsInBoth, type StoreCase } from '../support/simulated-store.js'
import { aBatch, TOPIC } from '../support/stored-batches.js'

/** Behaviour of the store that the simulation relies on, by name. Each case gets a pipeline whose first partition begins at 0. */
const CASES: Readonly<Record<string, StoreCase>> = {
  'a batch is written once, with all its rows': async (pool, pipeline) => {
    const batch = {
      ...aBatch(pipeline, 0n, 3n),
      windowStates: [{ by: 'key', entity: 'LAX', state: Buffer.from([1, 0, 255]) }],
      fdrState: FDR_STATE,
    }
    expect(await writeBatch(pool, batch)).toBe('written')
    expect(await writeBatch(pool, batch)).toBe('superseded')
    expect(await partitionCounters(pool, pipeline)).toEqual([
      {
        ...{ topic: TOPIC, partition: 0, nextOffset: 3n, received: 3, scored: 2, rejected: 1, skipped: 0 },
        ...{ anomalies: 1, alerts: 1, missed: 0 },
      },
    ])
    const at = { pipeline, topic: TOPIC, partition: 0, nextOffset: 3n }
    expect(await storedFdrState(pool, at)).toEqual(FDR_STATE)
    const wanted = [
      { by: 'key', entity: 'LAX' },
      { by: 'key', entity: 'SFO' },
    ]
    expect(await loadWindowStates(pool, at, wanted)).toEqual([
      { by: 'key', entity: 'LAX', state: Buffer.from([1, 0, 255]) },
    ])
    for (const other of [{ nextOffset: 0n }, { nextOffset: 4n }, { partition: 1 }]) {
      await expect(storedFdrState(pool, { ...at, ...other })).rejects.toThrow(PositionMoved)
      await expect(loadWindowStates(pool, { ...at, ...other }, wanted)).rejects.toThrow(PositionMoved)
    }
  },

  'the alerts of a batch of a provisional model are withheld': async (pool, pipeline) => {
    const batch = aBatch(pipeline, 0n, 3n)
    const outbox = batch.outbox.filter(({ kind }) => kind !== 'alert')
    await writeBatch(pool, { ...batch, withholdsAlerts: true, outbox })
    expect(await partitionCounters(pool, pipeline)).toMatchObject([{ anomalies: 1, alerts: 0 }])
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(1)
  },

  'a batch that does not begin at the end of the previous one changes nothing': async (pool, pipeline) => {
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    const before = await partitionCounters(pool, pipeline)
    for (const [expected, next] of [
      [2n, 5n],
      [4n, 7n],
    ] as const) {
      expect(await writeBatch(pool, { ...aBatch(pipeline, expected, next), fdrState: FDR_STATE })).toBe('superseded')
    }
    expect(await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), partition: 7 })).toBe('superseded')
    expect(await partitionCounters(pool, pipeline)).toEqual(before)
    expect(await storedFdrState(pool, { pipeline, topic: TOPIC, partition: 0, nextOffset: 3n })).toBeNull()
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(2)
  },

  'one of several writers of the same batch succeeds': async (pool, pipeline) => {
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => writeBatch(pool, aBatch(pipeline, 0n, 3n))))
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1)
    expect(await partitionCounters(pool, pipeline)).toMatchObject([{ nextOffset: 3n, received: 3, anomalies: 1 }])
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(2)
  },

  'a partition begins once, and gets a topic id if it has none': async (pool, pipeline) => {
    const begin = (nextOffset: bigint, topicId: string | null) =>
      beginPartitions(pool, { pipeline, topic: 'other' }, new Map([[2, { nextOffset, topicId }]]))
    const stored = () => storedPositions(pool, { pipeline, topic: 'other' })
    await begin(5n, null)
    await begin(9n, 'id')
    expect([...(await stored())]).toEqual([[2, { nextOffset: 5n, topicId: 'id' }]])
    await begin(9n, 'other id')
    expect([...(await stored())]).toEqual([[2, { nextOffset: 5n, topicId: 'id' }]])
  },

  'a gap is skipped once': async (pool, pipeline) => {
    const gap = {
      ...({ pipeline, topic: TOPIC, partition: 0, kind: 'retention', missed: 4n } as const),
      stored: { nextOffset: 0n, topicId: null },
      next: { nextOffset: 4n, topicId: 'id' },
    }
    expect(await skipMissed(pool, { ...gap, stored: { nextOffset: 0n, topicId: 'id' } })).toBe(false)
    expect(await skipMissed(pool, { ...gap, stored: { nextOffset: 1n, topicId: null } })).toBe(false)
    expect(await skipMissed(pool, gap)).toBe(true)
    expect(await skipMissed(pool, gap)).toBe(false)
    expect(await partitionCounters(pool, pipeline)).toMatchObject([{ nextOffset: 4n, missed: 4 }])
  },

  'the outbox is numbered in commit order, returned in order, and deleted up to a number': async (pool, pipeline) => {
    await writeBatch(pool, aBatch(pipeline, 0n, 3n))
    expect(await takeOutbox(pool, { pipeline, limit: 10, order: [] })).toEqual([])
    const first = await takeOutbox(pool, { pipeline, limit: 10 })
    await writeBatch(pool, aBatch(pipeline, 3n, 6n))
    const all = await takeOutbox(pool, { pipeline, limit: 3 })
    expect(all.map(({ sequence, topic, kind }) => [sequence, topic, kind])).toEqual([
      [1n, 'alerts', 'alert'],
      [2n, 'dead', 'dead_letter'],
      [3n, 'alerts', 'alert'],
    ])
    expect(all.slice(0, 2)).toEqual(first)
    expect(all[1]).toMatchObject({ key: null, payload: Buffer.from([0, 255]) })
    expect(all[1]!.headers).toEqual([
      ['h\0', Buffer.from('text')],
      ['h\0', Buffer.from([0, 200])],
    ])
    expect(
      (await takeOutbox(pool, { pipeline, limit: 10, maxBytes: 1, order: [] })).map(({ sequence }) => sequence),
    ).toEqual([1n])
    await untilOnDisk(pool)
    await deleteOutboxThrough(pool, pipeline, 3n)
    expect((await takeOutbox(pool, { pipeline, limit: 10, order: [] })).map(({ sequence }) => sequence)).toEqual([4n])
    await requireOutboxNumbered(pool, pipeline, 4n)
    await expect(requireOutboxNumbered(pool, pipeline, 5n)).rejects.toThrow(OutboxRewound)
    expect(await hasAlertControl(pool, { pipeline, limit: 10 })).toBe(false)
  },

  'alerts are numbered, withheld and grouped in one transaction': async (pool, pipeline) => {
    for (const offset of [0n, 3n]) await writeBatch(pool, aBatch(pipeline, offset, offset + 3n))
    const bucket: AlertBucket = {
      ...{ kind: 'key', subject: 'LAX', closesAtMs: 9_000, allowance: 1, sent: 1, count: 2 },
      ...{ severity: 'high', firstId: 'first', firstAtMs: 2_000, lastAtMs: 3_000, examples: [] },
    }
    const named = [{ kind: 'key', subject: 'LAX' } as const]
    await withTransaction(pool, async (client) => {
      await claimOutboxOrder(client, pipeline)
      const rows = await unnumberedRows(client, { pipeline, limit: 10, maxBytes: 1_000, reasonsWaitMs: 0 })
      expect(rows.map(({ kind, payload }) => [kind, payload && String(payload)])).toEqual([
        ['alert', '{}'],
        ['dead_letter', null],
        ['alert', '{}'],
        ['dead_letter', null],
      ])
      const [first, dead, second] = rows as [UnnumberedRow, UnnumberedRow, UnnumberedRow]
      await withholdAlerts(client, pipeline, [
        { ...AT, outboxId: second.id, because: 'key', ruleId: null, groupId: 'first/group' },
      ])
      const message = { kind: 'alert', topic: 'alerts', key: null, payload: Buffer.from('group'), headers: [] } as const
      const [group] = await queueMessages(client, pipeline, [message])
      await takeOutbox(client, { pipeline, limit: 10, order: [dead.id, group!, first.id] })
      await updateAlertBuckets(client, pipeline, { closed: [], open: [bucket] })
    })
    expect(await alertBuckets(pool, { pipeline, dueBy: new Date(0), named })).toEqual([bucket])
    expect(await alertBuckets(pool, { pipeline, dueBy: new Date(9_000), named: [] })).toEqual([bucket])
    expect(await alertBuckets(pool, { pipeline, dueBy: new Date(8_999), named: [] })).toEqual([])
    const numbered = await takeOutbox(pool, { pipeline, limit: 10, order: [] })
    expect(numbered.map(({ sequence, kind, payload }) => [sequence, kind, String(payload)])).toEqual([
      [1n, 'dead_letter', String(Buffer.from([0, 255]))],
      [2n, 'alert', 'group'],
      [3n, 'alert', '{}'],
    ])
    expect(await hasAlertControl(pool, { pipeline, limit: 10 })).toBe(true)
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(3)
    await updateAlertBuckets(pool, pipeline, { closed: [bucket], open: [] })
    expect(await alertBuckets(pool, { pipeline, dueBy: new Date(9_000), named })).toEqual([])
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(4)
  },

  'changes of a transaction are visible after its commit, and never after a rollback': async (pool, pipeline) => {
    const begin = (db: Queryable, partition: number) =>
      beginPartitions(db, { pipeline, topic: 'other' }, new Map([[partition, { nextOffset: 0n, topicId: null }]]))
    const stored = async () => [...(await storedPositions(pool, { pipeline, topic: 'other' })).keys()]
    await withTransaction(pool, async (client) => {
      await begin(client, 1)
      expect(await stored()).toEqual([])
    })
    expect(await stored()).toEqual([1])
    await expect(
      withTransaction(pool, async (client) => {
        await begin(client, 2)
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await stored()).toEqual([1])
  },

  'one session leads at a time, and the next one after it has ended': async (pool, pipeline) => {
    const name = `relay-${pipeline}`
    let others = 0
    const lead = async () => {
      others += 1
    }
    await withLeadership(pool, name, async () => {
      const given = new AbortController()
      const second = withLeadership(pool, name, lead, { signal: given.signal, retryMs: 1 })
      await Promise.all(Array.from({ length: 4 }, () => storedPositions(pool, { pipeline, topic: TOPIC })))
      expect(await isLed(pool, name)).toBe(true)
      given.abort()
      expect(await second).toBeNull()
    })
    expect(others).toBe(0)
    expect(await isLed(pool, name)).toBe(false)
    await withLeadership(pool, name, lead)
    expect(others).toBe(1)
  },
}

const AT = { topic: TOPIC, partition: 0, offset: 5n }
const FDR_STATE = { fdr: 0.1, tested: 3, first: null, later: [] }

holdsInBoth(CASES)
