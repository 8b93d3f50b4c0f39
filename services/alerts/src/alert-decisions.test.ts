import { type Control, eventMessage, groupEvent, makeDecider } from '@outflow/alerting'
import type { AlertBucket } from '@outflow/contracts'
import type { OutboxMessage, UnnumberedRow } from '@outflow/store/outbox'
import { expect, test } from 'vitest'
import { decideOn, waitingOf } from './alert-decisions.js'

const MINUTE = 60_000
const toMessage = (group: AlertBucket) => eventMessage(groupEvent(group, 'flights'), { topic: 'flights.alerts' })
const off: Control = { suppressions: [] }
const grouping = { bucket: 10 * MINUTE, perKey: 1, perReason: 9 }

function anAlertRow(id: number, minute: number, key: string | null = 'JFK'): UnnumberedRow {
  const event = {
    type: 'outflow.anomaly.v1',
    id: `flights/flights/2/${id}`,
    time: '2026-11-23T08:00:00.000Z',
    data: { key, severity: 'low', nll: id, pValue: 0.01, reasons: [] },
  }
  const payload = Buffer.from(JSON.stringify(event))
  return { id: BigInt(id), kind: 'alert', payload, createdAt: new Date(minute * MINUTE) }
}

const decided = (rows: readonly UnnumberedRow[], control: Partial<Control>, untilMs = 0) =>
  decideOn(rows.map(waitingOf), makeDecider({ ...off, ...control }, []), toMessage, untilMs)

test('single alerts keep their order among other messages, and a group follows at the end of its bucket', () => {
  const deadLetter: UnnumberedRow = { id: 3n, kind: 'dead_letter', payload: null, createdAt: new Date(0) }
  const rows = [anAlertRow(1, 0), anAlertRow(2, 1), deadLetter, anAlertRow(4, 2, 'LAX'), anAlertRow(5, 12)]
  const { order, unsent } = decided(rows, { grouping })
  expect(order.map((next) => (typeof next === 'bigint' ? next : 'group'))).toEqual([1n, 3n, 4n, 'group', 5n])
  expect(unsent).toEqual([
    {
      outboxId: 2n,
      topic: 'flights',
      partition: 2,
      offset: 2n,
      because: 'key',
      ruleId: null,
      groupId: 'flights/flights/2/2/group',
    },
  ])
})

test('buckets that have ended are sent after the last row', () => {
  const rows = [anAlertRow(1, 0), anAlertRow(2, 1)]
  expect(decided(rows, { grouping }, 10 * MINUTE - 1).order).toEqual([1n])
  const [first, message] = decided(rows, { grouping }, 10 * MINUTE).order as [bigint, OutboxMessage]
  expect(first).toBe(1n)
  expect(message).toMatchObject({ kind: 'alert', topic: 'flights.alerts', key: Buffer.from('JFK') })
  expect(JSON.parse(String(message.payload))).toMatchObject({ type: 'outflow.anomaly_group.v1', data: { count: 1 } })
})
