import { BrokerRefused, MessageTooLarge, type OutgoingMessage, TopicUnknown } from '@outflow/streams'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import type { RelayRow } from './output-topics.js'
import { catchUp, noOversized, type RelayEffects, relayOnce, restMs, toMessage } from './relay.js'

function aRow(sequence: number, overrides: Partial<RelayRow> = {}): RelayRow {
  return {
    sequence: BigInt(sequence),
    kind: 'dead_letter',
    topic: 'flights.dead',
    partition: null,
    key: Buffer.from('LAX'),
    payload: Buffer.from(`payload ${sequence}`),
    headers: [],
    createdAt: new Date(0),
    ...overrides,
  }
}

const tooLarge = () => new MessageTooLarge('too large')

class Crash extends Error {}

/** A simulated outbox, topic and mark, and a relay that can be killed at any of its effects. */
function aWorld(rows: readonly RelayRow[], { maxBytes = Number.POSITIVE_INFINITY } = {}) {
  let outbox = [...rows]
  let mark: bigint | null = null
  let actsUntilCrash = Number.POSITIVE_INFINITY
  const topic: OutgoingMessage[] = []
  const handedOver: bigint[] = []
  const act = () => {
    if (actsUntilCrash === 0) throw new Crash('killed')
    actsUntilCrash -= 1
  }
  const effects: RelayEffects = {
    readMark: async () => {
      act()
      return mark
    },
    take: async () => {
      act()
      return outbox.slice(0, 3)
    },
    send: async (messages, through) => {
      act()
      if (messages.some(({ key, value }) => (key?.length ?? 0) + (value?.length ?? 0) > maxBytes)) throw tooLarge()
      topic.push(...messages)
      mark = through
      // The transaction is committed; after a crash here the relay does not have its outcome.
      act()
    },
    settle: async (sent) => {
      act()
      outbox = outbox.filter((row) => row.sequence > sent.at(-1)!.sequence)
      handedOver.push(...sent.map(({ sequence }) => sequence))
      // Postgres has committed, but the relay does not get the response.
      act()
    },
  }
  return {
    effects,
    topic,
    handedOver,
    left: () => outbox,
    dieAfter: (acts: number) => {
      actsUntilCrash = acts
    },
  }
}

const telemetry = () => ({ rowsSent: vi.fn(), messageShortened: vi.fn(), messageNotSent: vi.fn() })

async function drain(effects: RelayEffects, reported = telemetry(), oversized = noOversized()): Promise<void> {
  await catchUp(effects)
  while ((await relayOnce(effects, reported, oversized)) > 0);
}

test('every message is sent and queued for webhooks exactly once, although the relay is killed at any points', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 8 }), fc.nat(10), async (deaths, count) => {
      const world = aWorld(Array.from({ length: count }, (_, i) => aRow(i + 1)))
      for (const acts of deaths) {
        world.dieAfter(acts)
        await drain(world.effects).catch((error: unknown) => expect(error).toBeInstanceOf(Crash))
      }
      world.dieAfter(Number.POSITIVE_INFINITY)
      await drain(world.effects)
      expect(world.topic.map(({ value }) => String(value))).toEqual(
        Array.from({ length: count }, (_, i) => `payload ${i + 1}`),
      )
      expect(world.handedOver).toEqual(Array.from({ length: count }, (_, i) => BigInt(i + 1)))
    }),
  )
})

test('a message that is too large for its topic is shortened, and does not block others', async () => {
  const rows = [aRow(1), aRow(2, { payload: Buffer.alloc(2_000), headers: [['trace', Buffer.from('t')]] }), aRow(3)]
  const world = aWorld(rows, { maxBytes: 1_000 })
  const reported = telemetry()
  const oversized = noOversized()
  let begun = 0
  for (let done = false; !done; begun += 1) {
    done = await drain(world.effects, reported, oversized).then(
      () => true,
      () => false,
    )
  }
  expect(begun).toBe(3) // the batch is rejected, then the row alone
  expect(world.topic.map(({ value }) => value && String(value))).toEqual(['payload 1', null, 'payload 3'])
  expect(world.topic[1]).toMatchObject({
    key: Buffer.from('LAX'),
    headers: [
      ['trace', Buffer.from('t')],
      ['outflow.withheld', Buffer.from('the value, 2000 bytes')],
    ],
  })
  expect(reported.messageShortened).toHaveBeenCalledTimes(1)
})

test('a resent record that is too large is reported and not sent (without its value it deleted its key from a compacted topic)', async () => {
  const resent = aRow(2, { kind: 'resent', topic: 'flights', payload: Buffer.alloc(2_000) })
  const world = aWorld([aRow(1), resent, aRow(3)], { maxBytes: 1_000 })
  const reported = telemetry()
  const oversized = noOversized()
  for (let round = 0; round < 4; round++) await drain(world.effects, reported, oversized).catch(() => {})
  expect(world.topic.map(({ value }) => value && String(value))).toEqual(['payload 1', 'payload 3'])
  expect(world.left()).toEqual([])
  expect(reported.messageShortened).not.toHaveBeenCalled()
  expect(reported.messageNotSent).toHaveBeenCalledExactlyOnceWith(resent, expect.any(BrokerRefused))
})

test('issue 17.19: a message that is rejected even without its body is reported, and later ones are sent once', async () => {
  const rows = [aRow(1), aRow(2, { key: Buffer.alloc(2_000) }), aRow(3), aRow(4)]
  const world = aWorld(rows, { maxBytes: 1_000 })
  const reported = telemetry()
  const oversized = noOversized()
  for (let round = 0; round < 5; round++) await drain(world.effects, reported, oversized).catch(() => {})
  expect(world.topic.map(({ value }) => String(value))).toEqual(['payload 1', 'payload 3', 'payload 4'])
  expect(world.left()).toEqual([])
  expect(world.handedOver).toEqual([1n, 2n, 3n, 4n])
  expect(reported.messageNotSent).toHaveBeenCalledExactlyOnceWith(rows[1], expect.any(BrokerRefused))
})

test('issue 17.19: a message above the largest request of a broker is not sent, because the broker would close the connection', async () => {
  const large = Buffer.alloc(65 * 1024 ** 2)
  const world = aWorld([aRow(1, { payload: large }), aRow(2, { key: large, payload: large }), aRow(3)])
  const reported = telemetry()
  await drain(world.effects, reported)
  expect(world.topic.map(({ value }) => value && String(value))).toEqual([null, 'payload 3'])
  expect(world.left()).toEqual([])
  expect(reported.messageShortened).toHaveBeenCalledTimes(2)
  expect(reported.messageNotSent).toHaveBeenCalledTimes(1)
  // It counted as sent, too.
  expect(reported.rowsSent.mock.lastCall![0]).toMatchObject([{ sequence: 1n }, { sequence: 3n }])
})

test('a row without a topic is deleted, and neither sent nor counted as sent (it was counted)', async () => {
  const world = aWorld([aRow(1), aRow(2, { kind: 'health_event', topic: null })])
  const reported = telemetry()
  await drain(world.effects, reported)
  expect(world.topic).toHaveLength(1)
  expect(world.left()).toEqual([])
  expect(reported.rowsSent).toHaveBeenCalledExactlyOnceWith([expect.objectContaining({ sequence: 1n })])
})

test('a record resent to a deleted topic is reported and skipped, whereas other rows wait for their topic', async () => {
  const resent = aRow(2, { kind: 'resent', topic: 'deleted' })
  const world = aWorld([aRow(1), resent, aRow(3, { topic: 'flights.alerts' })])
  const missing = new Set(['deleted', 'flights.alerts'])
  const send: RelayEffects['send'] = async (messages, through) => {
    if (messages.some(({ topic }) => missing.has(topic))) throw new TopicUnknown([])
    await world.effects.send(messages, through)
  }
  const reported = telemetry()
  const oversized = noOversized()
  const effects = { ...world.effects, send }
  for (let round = 0; round < 5; round++) await drain(effects, reported, oversized).catch(() => {})
  expect(world.topic.map(({ value }) => String(value))).toEqual(['payload 1'])
  expect(reported.messageNotSent).toHaveBeenCalledExactlyOnceWith(resent, expect.any(TopicUnknown))
  missing.delete('flights.alerts')
  await drain(effects, reported, oversized)
  expect(world.topic.map(({ value }) => String(value))).toEqual(['payload 1', 'payload 3'])
})

test('an error that is not about size ends the round', async () => {
  const world = aWorld([aRow(1)])
  const effects = { ...world.effects, send: () => Promise.reject(new Error('not authorised')) }
  await expect(relayOnce(effects, telemetry(), noOversized())).rejects.toThrow('not authorised')
  expect(world.left()).toHaveLength(1)
})

test('under a steady load of 250 alerts a second the relay sends some fifty at once, and under a backlog it does not rest', () => {
  let sent = 1
  for (let round = 0; round < 20; round++) sent = Math.max(1, Math.floor((restMs(sent) + 15) * 0.25))
  expect(sent).toBeGreaterThanOrEqual(50)
  expect(restMs(1)).toBe(5)
  expect(restMs(500)).toBe(0)
})

test('key, payload and headers are sent byte for byte', () => {
  const bytes = Buffer.from([0, 0xff, 0xfe])
  expect(
    toMessage(
      'flights.dead',
      aRow(1, {
        key: null,
        payload: bytes,
        headers: [
          ['a', bytes],
          ['b', Buffer.from('1')],
          ['b', Buffer.from('2')],
        ],
      }),
    ),
  ).toEqual({
    topic: 'flights.dead',
    key: null,
    value: bytes,
    headers: [
      ['a', bytes],
      ['b', Buffer.from('1')],
      ['b', Buffer.from('2')],
    ],
  })
})

test("a resent record is sent to its partition, since a producer may place keys otherwise than by Kafka's hash", () => {
  expect(toMessage('flights', aRow(1, { kind: 'resent', partition: 3 }))).toMatchObject({ partition: 3 })
})
