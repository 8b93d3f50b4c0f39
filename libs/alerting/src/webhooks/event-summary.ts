import {
  ALERT_EVENT_TYPE,
  type AlertEvent,
  GROUP_EVENT_TYPE,
  type GroupEvent,
  HEALTH_EVENT_KINDS,
  HEALTH_EVENT_TYPE,
  type HealthEvent,
  type HealthEventKindName,
} from '@outflow/contracts'
import { formatMistake, formatRarity, reasonPercents } from '@outflow/contracts/wording'

/** Events that webhooks send to people. */
export type WebhookEvent = AlertEvent | GroupEvent | HealthEvent

/** An event as text for people; it may quote record data. */
interface EventSummary {
  readonly headline: string
  readonly lines: readonly string[]
  /** The page in the console; null: there is none. */
  readonly url: string | null
  /** Alertmanager's labels, for grouping and silences; two events with the same labels are the same alert there. */
  readonly labels: Readonly<Record<string, string>>
  readonly startsAt: string
  /** null: the receiver's default. */
  readonly endsAt: string | null
}

const MOST_REASONS = 3
const MOST_CHARACTERS = 600
/** How long a condition stays open at the receiver if its end is never sent. */
const OPEN_CONDITION_MS = 86_400_000

/** @throws {Error} for an event of another type */
export function summaryOf(event: WebhookEvent): EventSummary {
  switch (event.type) {
    case ALERT_EVENT_TYPE:
      return summaryOfAlert(event)
    case GROUP_EVENT_TYPE:
      return summaryOfGroup(event)
    case HEALTH_EVENT_TYPE:
      return summaryOfHealthEvent(event)
    default:
      throw new Error('neither an alert, nor a group, nor a health event')
  }
}

function summaryOfAlert(event: AlertEvent): EventSummary {
  const { pipeline, severity, key, reasons, counterfactual, pValue, detectedAt } = event.data
  const percents = reasonPercents(reasons)
  const mistake = counterfactual?.mistake
  const reasonLines = reasons.slice(0, MOST_REASONS).map(({ text }, at) => `${shorten(text)} (${percents[at]} %)`)
  return {
    headline: `${severity} anomaly in ${pipeline}${key === null ? '' : `: ${shorten(key)}`}`,
    lines: [
      ...reasonLines,
      ...(mistake ? [shorten(`${counterfactual.text}: ${formatMistake(mistake)}`)] : []),
      `${formatRarity(pValue)}, ${event.time}`,
    ],
    url: event.data.url ?? null,
    labels: anomalyLabels(event),
    startsAt: detectedAt,
    endsAt: null,
  }
}

function summaryOfGroup(event: GroupEvent): EventSummary {
  const { text, examples } = event.data
  const shown = examples.slice(0, MOST_REASONS)
  return {
    headline: shorten(text),
    lines: shown.map(
      ({ id, reason, pValue }) => `${shorten(`${id}: ${reason ?? 'no reason'}`)}, ${formatRarity(pValue)}`,
    ),
    url: event.data.url ?? null,
    labels: anomalyLabels(event),
    startsAt: event.time,
    endsAt: null,
  }
}

/** The labels include the event's id, so that each event is a separate alert. */
function anomalyLabels({ id, type, data: { pipeline, severity, key } }: AlertEvent | GroupEvent) {
  return { alertname: 'OutflowAnomaly', id, type, pipeline, severity, ...(key ? { key: shorten(key) } : {}) }
}

/**
 * The labels of a condition include no id, so that the event of its end resolves the alert of its beginning. A single event is a separate
 * alert.
 */
function summaryOfHealthEvent({ id, type, data }: HealthEvent): EventSummary {
  const { pipeline, kind, status, detail, begunAt, endedAt, url = null } = data
  const endsAt = {
    begun: new Date(Date.parse(begunAt) + OPEN_CONDITION_MS).toISOString(),
    ended: endedAt,
    happened: null,
  }
  const times = { begun: `since ${begunAt}`, ended: `from ${begunAt} to ${endedAt}`, happened: `at ${begunAt}` }
  return {
    headline: `${kind.replaceAll('_', ' ')} in ${pipeline}${status === 'ended' ? ' is over' : ''}`,
    lines: [shorten(detail), times[status]],
    url,
    labels: {
      alertname: 'OutflowHealthEvent',
      ...(status === 'happened' && { id }),
      type,
      pipeline,
      kind,
      // A queued event may come from a version with other kinds.
      severity: HEALTH_EVENT_KINDS[kind as HealthEventKindName]?.severity ?? 'warning',
    },
    startsAt: begunAt,
    endsAt: endsAt[status],
  }
}

const shorten = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS).toWellFormed()}…` : text
