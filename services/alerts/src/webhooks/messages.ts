import {
  ALERT_CONTENT_TYPE,
  ALERT_EVENT_TYPE,
  type AlertEvent,
  GROUP_EVENT_TYPE,
  type GroupEvent,
  type Webhook,
} from '@outflow/contracts'
import type { WaitingDelivery } from '@outflow/store'
import type { Post } from './post.js'
import { headerSafe, signatureHeaders } from './sign.js'

/** What a webhook is sent about an event. */
export type Message = Pick<WaitingDelivery, 'eventId' | 'payload'>

/** Builds the request by which a webhook of its kind is told of an event. Throws on one that is neither an alert nor a group. */
export function postOf({ kind, secret = '' }: Pick<Webhook, 'kind' | 'secret'>, message: Message, now: Date): Post {
  const common = { 'user-agent': 'outflow', 'idempotency-key': headerSafe(message.eventId) }
  if (kind === 'signed') {
    const body = bounded(message.payload)
    const signature = signatureHeaders(secret, { id: message.eventId, body, now })
    return { headers: { ...common, 'content-type': ALERT_CONTENT_TYPE, ...signature }, body }
  }
  const event = JSON.parse(String(message.payload)) as Event
  if (event.type !== ALERT_EVENT_TYPE && event.type !== GROUP_EVENT_TYPE) throw new Error('no alert and no group')
  const body = JSON.stringify(kind === 'slack' ? slackMessage(event) : [alertmanagerAlert(event)])
  return { headers: { ...common, 'content-type': 'application/json; charset=utf-8' }, body }
}

/** Receivers commonly take a MiB or less; a record may have 64. */
const MAX_BODY_BYTES = 256 * 1024

/** The event as it went to Kafka, without its record where that is too large. */
function bounded(payload: Buffer): string {
  if (payload.length <= MAX_BODY_BYTES) return String(payload)
  const event = JSON.parse(String(payload)) as AlertEvent
  return JSON.stringify({ ...event, data: { ...event.data, record: {} } })
}

type Event = AlertEvent | GroupEvent

/** What a person is told of an event, in words that records may have brought along. */
interface Gist {
  readonly headline: string
  readonly lines: readonly string[]
  readonly pipeline: string
  readonly severity: string
  readonly key: string | null
  readonly startsAt: string
}

const MOST_REASONS = 3
const MOST_CHARACTERS = 600

function gistOf(event: Event): Gist {
  return event.type === ALERT_EVENT_TYPE ? gistOfAlert(event) : gistOfGroup(event)
}

function gistOfAlert({ time, data }: AlertEvent): Gist {
  const { pipeline, severity, key, reasons, pValue, detectedAt } = data
  return {
    headline: `${severity} anomaly in ${pipeline}${key === null ? '' : `: ${shorten(key)}`}`,
    lines: [...reasons.slice(0, MOST_REASONS).map(({ text }) => shorten(text)), `p ${pValue.toPrecision(2)}, ${time}`],
    pipeline,
    severity,
    key,
    startsAt: detectedAt,
  }
}

function gistOfGroup({ time, data }: GroupEvent): Gist {
  const { pipeline, severity, key, text, examples } = data
  const lines = examples.slice(0, MOST_REASONS).map(({ id, reason }) => shorten(`${id}: ${reason ?? 'no reason told'}`))
  return { headline: shorten(text), lines, pipeline, severity, key, startsAt: time }
}

const shorten = (text: string): string => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text)

/** @see api.slack.com, "Sending messages using incoming webhooks"; Mattermost and Rocket.Chat take the same */
function slackMessage(event: Event): { readonly text: string } {
  const { headline, lines } = gistOf(event)
  const text = [`*${asText(headline)}*`, ...lines.map((line) => `• ${asText(line)}`), asText(event.id)]
  return { text: text.join('\n') }
}

/**
 * Text that stays text: Slack's three control characters become entities, and a blank of no width behind an at sign keeps
 * others from calling everybody. @see api.slack.com, "Formatting text for app surfaces", escaping
 */
function asText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '@\u200b')
}

/**
 * The event's id is a label: each event is an alert of its own, which Alertmanager groups and silences by the other labels. It
 * ends by Alertmanager's own resolve_timeout. @see Alertmanager, api/v2/openapi.yaml, postableAlert
 */
function alertmanagerAlert(event: Event) {
  const { headline, lines, pipeline, severity, key, startsAt } = gistOf(event)
  const { id, type } = event
  return {
    labels: { alertname: 'OutflowAnomaly', id, type, pipeline, severity, ...(key ? { key } : {}) },
    annotations: { summary: headline, description: lines.join('; ') },
    startsAt,
  }
}
