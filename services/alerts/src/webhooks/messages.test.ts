import { readFileSync } from 'node:fs'
import { alertEventSchema, groupEventSchema } from '@outflow/contracts'
import { expect, test } from 'vitest'
import { postOf } from './messages.js'

const folder = new URL('../../../../libs/contracts/schemas/examples/', import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const example = alertEventSchema.parse(read('outflow.anomaly.v1.first.json'))
const now = new Date('2026-01-01T00:00:00Z')
const secret = `whsec_${Buffer.alloc(32).toString('base64')}`
const message = (event: object = example) => ({ eventId: example.id, payload: Buffer.from(JSON.stringify(event)) })

test('a signed webhook gets the event byte for byte', () => {
  const { headers, body } = postOf({ kind: 'signed', secret }, message(), now)
  expect(body).toBe(JSON.stringify(example))
  expect(headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'idempotency-key': 'flights/flights/2/673',
    'webhook-id': 'flights/flights/2/673',
    'webhook-timestamp': '1767225600',
  })
})

test('an event with a record that receivers would not take comes without it, and is one all the same', () => {
  const large = { ...example, data: { ...example.data, record: { text: 'x'.repeat(300_000) } } }
  const { body } = postOf({ kind: 'signed', secret }, message(large), now)
  expect(alertEventSchema.parse(JSON.parse(body))).toEqual({ ...example, data: { ...example.data, record: {} } })
})

test('Slack is told who, why and which', () => {
  const { body } = postOf({ kind: 'slack' }, message(), now)
  expect(JSON.parse(body)).toEqual({
    text: [
      '*high anomaly in flights: CVG*',
      '• distance 1,750 is far above the 264 of CVG→ORD',
      '• origin CVG does not go with the other fields; LAX would',
      '• p 0.0012, 2001-01-19T13:55:00.000Z',
      'flights/flights/2/673',
    ].join('\n'),
  })
})

test('what a record says calls nobody and forges no link', () => {
  const key = '<!channel> @here <https://evil.example|click> & more'
  const { body } = postOf({ kind: 'slack' }, message({ ...example, data: { ...example.data, key } }), now)
  const { text } = JSON.parse(body) as { readonly text: string }
  expect(text).not.toMatch(/[<>]|@here|& /)
  expect(text).toContain('&lt;!channel&gt;')
})

test("Alertmanager gets an alert of its API's form, without a key where there is none", () => {
  const { body } = postOf({ kind: 'alertmanager' }, message(), now)
  expect(JSON.parse(body)).toEqual([
    {
      labels: {
        alertname: 'OutflowAnomaly',
        id: 'flights/flights/2/673',
        type: 'outflow.anomaly.v1',
        pipeline: 'flights',
        severity: 'high',
        key: 'CVG',
      },
      annotations: {
        summary: 'high anomaly in flights: CVG',
        description:
          'distance 1,750 is far above the 264 of CVG→ORD; origin CVG does not go with the other fields; LAX would; p 0.0012, 2001-01-19T13:55:00.000Z',
      },
      startsAt: '2026-11-25T14:43:39.380Z',
    },
  ])
  const nobody = { ...example, data: { ...example.data, key: null } }
  expect(JSON.parse(postOf({ kind: 'alertmanager' }, message(nobody), now).body)[0].labels).not.toHaveProperty('key')
})

test('a group is told by its sentence and its strangest', () => {
  const group = groupEventSchema.parse(read('outflow.anomaly_group.v1.key.json'))
  const payload = Buffer.from(JSON.stringify(group))
  const { text } = JSON.parse(postOf({ kind: 'slack' }, { eventId: group.id, payload }, now).body)
  const [first, second, ...others] = text.split('\n')
  expect(first).toBe(`*${group.data.text}*`)
  expect(second).toBe(`• ${group.data.examples[0]!.id}: ${group.data.examples[0]!.reason}`)
  expect(others.at(-1)).toBe(group.id)
})

test('what is neither is not told', () => {
  const other = { ...example, type: 'outflow.other.v1' }
  expect(() => postOf({ kind: 'slack' }, message(other), now)).toThrow('no alert and no group')
})
