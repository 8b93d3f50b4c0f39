import { readdirSync, readFileSync } from 'node:fs'
import { EVENT_SCHEMAS, type EventType, EXPLAINED_EVENT_TYPE } from '@outflow/contracts'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { postOf } from './messages.js'

const folder = new URL('../../../contracts/schemas/examples/', import.meta.url)
/** Webhooks receive every event except that of later reasons. */
const examples = readdirSync(folder).flatMap((name) => {
  const event = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { readonly type: EventType; id: string }
  return event.type === EXPLAINED_EVENT_TYPE ? [] : [[name, EVENT_SCHEMAS[event.type].parse(event)] as const]
})

/** Text with every special character, longer than any limit. */
const awkward = '<&>@\u0000\ud800"\n'.repeat(20_000)
const worst = examples.map(([name, event]) => {
  const data = JSON.parse(JSON.stringify(event.data), (key, value) =>
    typeof value === 'string' && ['key', 'text', 'reason', 'detail'].includes(key) ? awkward : value,
  )
  return [`${name} with the longest texts`, { ...event, data }] as const
})

const bodyOf = (kind: 'slack' | 'alertmanager', event: { readonly id: string }): unknown =>
  JSON.parse(
    postOf({ kind }, { eventId: event.id, payload: Buffer.from(JSON.stringify(event)), traceparent: null }, new Date())
      .body,
  )

/**
 * Alertmanager's schema for `POST /api/v2/alerts`, with label names as in Prometheus' data model.
 *
 * @see Alertmanager, api/v2/openapi.yaml: postableAlerts, postableAlert, alert, labelSet
 */
const LABEL_SET = { type: 'object', additionalProperties: { type: 'string' } }
const POSTABLE_ALERTS = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    required: ['labels'],
    additionalProperties: false,
    properties: {
      startsAt: { type: 'string', format: 'date-time' },
      endsAt: { type: 'string', format: 'date-time' },
      annotations: LABEL_SET,
      generatorURL: { type: 'string', format: 'uri' },
      labels: {
        ...LABEL_SET,
        required: ['alertname'],
        propertyNames: { pattern: '^[a-zA-Z_][a-zA-Z0-9_]*$' },
        additionalProperties: { type: 'string', minLength: 1 },
      },
    },
  },
}

/** @see api.slack.com, "chat.postMessage", truncating content: text is cut at 40,000 characters */
const SLACK_MESSAGE = {
  type: 'object',
  required: ['text'],
  additionalProperties: false,
  properties: { text: { type: 'string', minLength: 1, maxLength: 40_000 } },
}

const ajv = new Ajv()
formats.default(ajv)

describe.each([...examples, ...worst])('%s', (_, event) => {
  it.each([
    ['alertmanager', POSTABLE_ALERTS],
    ['slack', SLACK_MESSAGE],
  ] as const)("has the form of %s's API", (kind, schema) => {
    const validate = ajv.compile(schema)
    validate(bodyOf(kind, event))
    expect(validate.errors ?? []).toEqual([])
  })
})
