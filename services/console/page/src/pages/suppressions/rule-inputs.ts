import { directionOf } from '@outflow/contracts/wording'
import { queryString, serverNow } from '../../api/client.js'
import type { AnomalyDetail } from '../../api/types.js'
import { USER_ZONE } from '../../words/format.js'

/** Values of the inputs of the form for a new rule. */
export const BLANK = { entity: '', field: '', direction: '', least: '', largest: '', timeOfWeek: '', days: '7' }

export type RuleInputs = typeof BLANK

/** A link to the form with a rule that hides alerts of the same key for the same field in the same direction. */
export function hideLike({ pipeline, key, reasons }: AnomalyDetail): string {
  const [main] = reasons
  const direction = main && directionOf(main)
  return `/suppressions${queryString({ pipeline, add: 'true', entity: key, field: main?.field, direction })}`
}

/** Returns the initial values of the form from a link of `hideLike`; null: the form is not shown. */
export function prefilled(search: string): RuleInputs | null {
  const params = new URLSearchParams(search)
  if (params.get('add') !== 'true') return null
  const text = (name: string) => params.get(name) ?? ''
  return { ...BLANK, entity: text('entity'), field: text('field'), direction: text('direction') }
}

export const MOST_DAYS = 365
const DAY_MS = 86_400_000
const DIRECTIONS = ['above', 'below'] as const

/** Returns the rule that is typed, also while an input is not valid. */
export function ruleOf(typed: RuleInputs) {
  // Without a change: a key may begin or end with spaces.
  const text = (value: string) => (value === '' ? null : value)
  const number = (value: string) => (value.trim() === '' ? null : Number(value))
  const field = text(typed.field)
  const range: [number | null, number | null] = [number(typed.least), number(typed.largest)]
  const days = Math.min(Math.max(1, Number(typed.days)), MOST_DAYS)
  return {
    entity: text(typed.entity),
    field,
    direction: field === null ? null : (DIRECTIONS.find((known) => known === typed.direction) ?? null),
    range: field === null || (range[0] === null && range[1] === null) ? null : range,
    timeOfWeek: text(typed.timeOfWeek.trim()),
    zone: USER_ZONE,
    expiresAt: new Date(serverNow() + days * DAY_MS).toISOString(),
  }
}
