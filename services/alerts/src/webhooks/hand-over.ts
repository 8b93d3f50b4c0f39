import type { Webhook } from '@outflow/contracts'
import type { HandOver, OutboxRow } from '@outflow/store/outbox'
import { eventIn } from '../stored-event.js'

/** Returns a queue entry for each webhook that receives a sent message. */
export function handOversOf(
  { kind, sequence, payload, headers }: Pick<OutboxRow, 'kind' | 'sequence' | 'payload' | 'headers'>,
  webhooks: readonly Pick<Webhook, 'name' | 'send'>[],
): readonly HandOver[] {
  const sentAs = SENT_AS[kind]
  if (sentAs === undefined) return []
  const names = webhooks.filter(({ send }) => send.includes(sentAs)).map(({ name }) => name)
  if (names.length === 0) return []
  const eventId = eventIn(payload)?.id
  if (eventId === undefined) return []
  const [, traceparent] = headers.find(([name]) => name === 'traceparent') ?? []
  return names.map((webhook) => ({ sequence, eventId, webhook, traceparent: traceparent?.toString() ?? null }))
}

/** The kinds of message that webhooks receive, with their names in `send` of outflow.yaml. */
const SENT_AS: Partial<Record<OutboxRow['kind'], Webhook['send'][number]>> = { alert: 'alerts', health_event: 'health' }
