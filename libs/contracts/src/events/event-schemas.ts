import type { z } from 'zod'
import { ALERT_EVENT_TYPE, alertEventSchema } from './alert-event.js'
import { EXPLAINED_EVENT_TYPE, explainedEventSchema } from './explained-event.js'
import { GROUP_EVENT_TYPE, groupEventSchema } from './group-event.js'
import { HEALTH_EVENT_TYPE, healthEventSchema } from './health-event.js'

/** The events that outflow sends, by type. */
export const EVENT_SCHEMAS = {
  [ALERT_EVENT_TYPE]: alertEventSchema,
  [EXPLAINED_EVENT_TYPE]: explainedEventSchema,
  [HEALTH_EVENT_TYPE]: healthEventSchema,
  [GROUP_EVENT_TYPE]: groupEventSchema,
} as const satisfies Readonly<Record<string, z.ZodType>>

export type EventType = keyof typeof EVENT_SCHEMAS

/**
 * The JSON Schema (2020-12) of an event, as published in `schemas/<type>.json`. Unknown fields are allowed, because a version
 * may gain fields.
 */
export function eventJsonSchema(type: EventType): Readonly<Record<string, unknown>> {
  const { $schema, ...schema } = EVENT_SCHEMAS[type].toJSONSchema({ io: 'input' })
  return { $schema, $id: `urn:${type.replaceAll('.', ':')}`, title: type, ...schema }
}
