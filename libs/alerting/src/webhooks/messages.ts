import { ALERT_CONTENT_TYPE, ALERT_EVENT_TYPE, type AlertEvent, type Webhook } from '@outflow/contracts'
import { verdictUrl } from '../events/console-url.js'
import { shortenedEvent } from '../events/shortened-event.js'
import { summaryOf, type WebhookEvent } from './event-summary.js'
import { type Answer, makePoster, type Post } from './post.js'
import { headerSafe, signatureHeaders } from './sign.js'

/** An event to send to a webhook. */
interface Message {
  /** Id of the event; the same at every attempt. */
  readonly eventId: string
  /** The event as it was sent to Kafka. */
  readonly payload: Buffer
  /** W3C trace context of the record or condition behind the event; null: none. */
  readonly traceparent: string | null
}

/**
 * Posts one event to a webhook, once, in the same way as the alerts service.
 *
 * @throws {WebhookError}
 */
export async function postOnce(webhook: Webhook, event: AlertEvent, signal: AbortSignal): Promise<Answer> {
  const poster = makePoster(webhook)
  try {
    const message = { eventId: event.id, payload: Buffer.from(JSON.stringify(event)), traceparent: null }
    return await poster.post(postOf(webhook, message, new Date()), signal)
  } finally {
    poster.close()
  }
}

/** Builds the request that sends an event to a webhook of its kind. Throws on an event of unknown type. */
export function postOf({ kind, secret = '' }: Pick<Webhook, 'kind' | 'secret'>, message: Message, now: Date): Post {
  const { eventId, payload, traceparent } = message
  const common = {
    'user-agent': 'outflow',
    'idempotency-key': headerSafe(eventId),
    ...(traceparent === null ? {} : { traceparent }),
  }
  if (kind === 'signed') {
    const body = bounded(payload)
    const signature = signatureHeaders(secret, { id: eventId, body, now })
    return { headers: { ...common, 'content-type': ALERT_CONTENT_TYPE, ...signature }, body }
  }
  const event = JSON.parse(String(payload)) as WebhookEvent
  const body = JSON.stringify(kind === 'slack' ? slackMessage(event) : [alertmanagerAlert(event)])
  return { headers: { ...common, 'content-type': 'application/json; charset=utf-8' }, body }
}

/** Receivers commonly accept at most a MiB; a record may have 64. */
const MAX_BODY_BYTES = 256 * 1024

/** The event as it was sent to Kafka; shortened if it is too large. */
function bounded(payload: Buffer): string {
  const text = String(payload)
  return payload.length <= MAX_BODY_BYTES ? text : JSON.stringify(shortenedEvent(JSON.parse(text)))
}

/** @see api.slack.com, "Sending messages using incoming webhooks"; Mattermost and Rocket.Chat accept the same */
function slackMessage(event: WebhookEvent): { readonly text: string } {
  const { headline, lines, url } = summaryOf(event)
  const text = [`*${asText(headline)}*`, ...lines.map((line) => `• ${asText(line)}`), asText(event.id)]
  if (url !== null) text.push(linksTo(url, event.type === ALERT_EVENT_TYPE).join(' · '))
  return { text: text.join('\n') }
}

/** Links to a page of the console. With verdicts, also to the page with a form that is filled in: buttons would need an endpoint that Slack reaches. */
function linksTo(url: string, hasVerdicts: boolean): readonly string[] {
  // The only control character of Slack that an encoded URL contains is `&`.
  const link = (to: string, text: string) => `<${to.replaceAll('&', '&amp;')}|${text}>`
  const page = link(url, 'Open in the console')
  if (!hasVerdicts) return [page]
  return [page, link(verdictUrl(url, 'confirmed'), 'Confirmed'), link(verdictUrl(url, 'false_alarm'), 'False alarm')]
}

/**
 * Escapes text for Slack: its three control characters become entities, and a zero-width space after an at sign prevents
 * mentions in Mattermost and Rocket.Chat. @see api.slack.com, "Formatting text for app surfaces", escaping
 */
function asText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '@\u200b')
}

/** Without `endsAt`, Alertmanager resolves it after its resolve_timeout. @see Alertmanager, api/v2/openapi.yaml, postableAlert */
function alertmanagerAlert(event: WebhookEvent) {
  const { headline, lines, url, labels, startsAt, endsAt } = summaryOf(event)
  return {
    labels,
    annotations: { summary: headline, description: lines.join('; '), ...(url === null ? {} : { url }) },
    startsAt,
    ...(endsAt === null ? {} : { endsAt }),
  }
}
