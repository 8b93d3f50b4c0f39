import { readFileSync } from 'node:fs'
import {
  type AlertBucket,
  type AlertEvent,
  alertEventSchema,
  type GroupEvent,
  groupEventSchema,
  type HealthEvent,
  healthEventSchema,
} from '@outflow/contracts'
import { expect, test } from 'vitest'
import { exampleEvent } from '../events/alert-event.js'
import { groupEvent } from '../events/group-event.js'
import { healthEvent } from '../events/health-event.js'
import { postOf } from './messages.js'

const folder = new URL('../../../contracts/schemas/examples/', import.meta.url)
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))
const full = alertEventSchema.parse(read('outflow.anomaly.v1.full.json'))
const example: AlertEvent = { ...full, subject: 'CVG', data: { ...full.data, key: 'CVG' } }
const now = new Date('2026-01-01T00:00:00Z')
const secret = `whsec_${Buffer.alloc(32).toString('base64')}`
const message = (event: typeof example | GroupEvent | HealthEvent = example, traceparent: string | null = null) => ({
  eventId: event.id,
  payload: Buffer.from(JSON.stringify(event)),
  traceparent,
})

const slackText = (event?: Parameters<typeof message>[0]): string =>
  JSON.parse(postOf({ kind: 'slack' }, message(event), now).body).text
const alertmanagerAlert = (event?: Parameters<typeof message>[0]) =>
  JSON.parse(postOf({ kind: 'alertmanager' }, message(event), now).body)[0]

test('issue 20: with console.url every receiver of an alert gets the address of its page', () => {
  const event = exampleEvent('flights', now, 'https://outflow.example.org')
  const page = `https://outflow.example.org/anomalies/${encodeURIComponent(event.id)}`
  expect(event.data.url).toBe(page)
  expect(slackText(event)).toContain(`\n<${page}|Open in the console`)
  expect(alertmanagerAlert(event).annotations.url).toBe(page)
})

test('the first line of the example names it a test', () => {
  expect(slackText(exampleEvent('flights', now))).toMatch(/^\*low anomaly in flights: a test, not an anomaly\*/)
})

test('issue 20: a message for Slack has links that give each verdict on an alert, but not for a group or a health event', () => {
  const page = 'https://outflow.example.org/anomalies/flights%2Fflights%2F2%2F673'
  const linked = { ...example, data: { ...example.data, url: page } }
  expect(slackText(linked).split('\n').at(-1)).toBe(
    `<${page}|Open in the console> · <${page}?verdict=confirmed|Confirmed> · <${page}?verdict=false_alarm|False alarm>`,
  )
  const others = ['outflow.anomaly_group.v1.key.json', 'outflow.health.v1.begun.json'].map(read) as GroupEvent[]
  for (const event of others) {
    const text = slackText({ ...event, data: { ...event.data, url: page } } as GroupEvent)
    expect(text).toContain('|Open in the console>')
    expect(text).not.toContain('verdict=')
  }
})

test('issue 20: groups and health events link to their list and their page', () => {
  const bucket: AlertBucket = {
    ...{
      kind: 'reason',
      subject: '["delay & taxi","above"]',
      closesAtMs: 1,
      allowance: 0,
      sent: 0,
      count: 1,
    },
    ...{ severity: 'low', firstId: 'flights/flights/0/1', firstAtMs: 0, lastAtMs: 0, examples: [] },
  }
  const group = groupEventSchema.parse(groupEvent(bucket, 'flights', 'https://outflow.example.org'))
  expect(group.data.url).toBe('https://outflow.example.org/anomalies?pipeline=flights&field=delay+%26+taxi')
  expect(slackText(group)).toContain(
    '<https://outflow.example.org/anomalies?pipeline=flights&amp;field=delay+%26+taxi|Open in the console>',
  )
  const drift = { ...{ id: '7', kind: 'drift', detail: 'delay moved' }, modelId: null, begunAt: now, endedAt: null }
  const event = healthEvent({ ...drift, status: 'begun' }, 'flights', 'https://outflow.example.org')
  const health = healthEventSchema.parse(event)
  expect(health.data.url).toBe('https://outflow.example.org/health?pipeline=flights')
})

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

test('a signed webhook gets an event with a record over the size limit without its record', () => {
  const large = { ...example, data: { ...example.data, record: { text: 'x'.repeat(300_000) } } }
  const { body } = postOf({ kind: 'signed', secret }, message(large), now)
  expect(alertEventSchema.parse(JSON.parse(body))).toEqual({ ...example, data: { ...example.data, record: {} } })
})

test('a signed webhook gets a group over the size limit without its examples (it got all of them, and an empty record)', () => {
  const group = groupEventSchema.parse(read('outflow.anomaly_group.v1.key.json'))
  const [own] = group.data.examples
  const large = { ...group, data: { ...group.data, examples: [{ ...own!, reason: 'x'.repeat(300_000) }] } }
  const { body } = postOf({ kind: 'signed', secret }, message(large), now)
  expect(JSON.parse(body)).toEqual({ ...group, data: { ...group.data, examples: [] } })
})

test('Slack gets the key, the reasons with their shares, how rare it is, and the position', () => {
  expect(slackText().split('\n')).toEqual([
    '*high anomaly in flights: CVG*',
    '• distance 1,750 is far above the 264 of CVG→ORD (50 %)',
    '• origin CVG does not fit the other fields; LAX would (50 %)',
    '• 1 in 800, 2001-01-19T13:55:00.000Z',
    'flights/flights/2/673',
  ])
})

test('Slack gets the mistake if the counterfactual names one', () => {
  const counterfactual = {
    changes: [{ field: 'distance', from: 1_750, to: 264 }],
    nll: 12,
    text: 'normal with distance 264 instead of 1,750',
    mistake: { name: 'a digit is lost', share: 0.9 },
  }
  const named = { ...example, data: { ...example.data, counterfactual } }
  expect(slackText(named)).toContain('• normal with distance 264 instead of 1,750: a digit is lost? 90 %\n')
})

test('text of a record cannot mention anyone or forge a link in Slack', () => {
  const key = '<!channel> @here <https://evil.example|click> & more'
  const text = slackText({ ...example, data: { ...example.data, key } })
  expect(text).not.toMatch(/[<>]|@here|& /)
  expect(text).toContain('&lt;!channel&gt;')
})

test("Alertmanager gets an alert in its API's form, without a key label if there is no key", () => {
  expect(alertmanagerAlert()).toEqual({
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
        'distance 1,750 is far above the 264 of CVG→ORD (50 %); origin CVG does not fit the other fields; LAX would (50 %); 1 in 800, 2001-01-19T13:55:00.000Z',
    },
    startsAt: '2026-11-25T14:43:39.380Z',
  })
  const keyless = { ...example, data: { ...example.data, key: null } }
  expect(alertmanagerAlert(keyless).labels).not.toHaveProperty('key')
})

test('Slack gets a sentence about a group and its least likely anomalies', () => {
  const group = groupEventSchema.parse(read('outflow.anomaly_group.v1.key.json'))
  const [first, second, ...others] = slackText(group).split('\n')
  expect(first).toBe(`*${group.data.text}*`)
  expect(second).toBe(`• ${group.data.examples[0]!.id}: ${group.data.examples[0]!.reason}, 1 in 5,000`)
  expect(others.at(-1)).toBe(group.id)
})

test('the trace context is sent as a header if there is one', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  for (const kind of ['signed', 'slack', 'alertmanager'] as const) {
    expect(postOf({ kind, secret }, message(example, traceparent), now).headers).toMatchObject({ traceparent })
    expect(postOf({ kind, secret }, message(), now).headers).not.toHaveProperty('traceparent')
  }
})

const begun = healthEventSchema.parse(read('outflow.health.v1.begun.json'))
const ended: HealthEvent = { ...begun, data: { ...begun.data, status: 'ended', endedAt: '2026-11-25T20:00:00.000Z' } }

test('Slack gets the condition and its start, and its end', () => {
  expect(slackText(begun)).toBe(
    ['*trainer dead in flights*', `• ${begun.data.detail}`, `• since ${begun.data.begunAt}`, begun.id].join('\n'),
  )
  expect(slackText(ended)).toContain('*trainer dead in flights is over*')
})

test('a long text that is cut inside an emoji is valid Unicode (half of it was sent)', () => {
  const event = { ...begun, data: { ...begun.data, detail: `${'a'.repeat(599)}😀 and more` } }
  expect(slackText(event)).toContain(`${'a'.repeat(599)}\ufffd…`)
})

test('in Alertmanager the end of a health event resolves the alert of its beginning', () => {
  const [first, last] = [alertmanagerAlert(begun), alertmanagerAlert(ended)]
  expect(first.labels).toEqual({
    alertname: 'OutflowHealthEvent',
    type: 'outflow.health.v1',
    pipeline: 'flights',
    kind: 'trainer_dead',
    severity: 'warning',
  })
  expect(last.labels).toEqual(first.labels)
  expect(Date.parse(first.endsAt) - Date.parse(first.startsAt)).toBe(86_400_000)
  expect(last.endsAt).toBe('2026-11-25T20:00:00.000Z')
})

const happened = healthEventSchema.parse(read('outflow.health.v1.happened.json'))

test('in Alertmanager an event without duration is resolved after some time', () => {
  const alert = alertmanagerAlert(happened)
  expect(alert.startsAt).toBe(happened.data.begunAt)
  expect(alert).not.toHaveProperty('endsAt')
})

test('in Alertmanager each single event is an alert of its own (the last one replaced the others)', () => {
  const { labels } = alertmanagerAlert(happened)
  expect(labels).toMatchObject({ id: happened.id })
  expect(alertmanagerAlert({ ...happened, id: 'another' }).labels).not.toEqual(labels)
})

test('an event of another type is not sent', () => {
  const other = { ...example, type: 'outflow.other.v1' as typeof example.type }
  expect(() => slackText(other)).toThrow('neither an alert')
})
