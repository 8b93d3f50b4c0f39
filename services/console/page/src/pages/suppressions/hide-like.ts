import { queryString } from '../../api/client.js'
import type { AnomalyDetail } from '../../api/types.js'

/** Values of the inputs of the form for a new rule. */
export const BLANK = {
  entity: '',
  field: '',
  direction: '',
  least: '',
  largest: '',
  timeOfWeek: '',
  days: '7',
  reason: '',
}

/** A link to the form of a new rule that hides alerts of the same key for the same field on the same side. */
export function hideLike({ pipeline, key, reasons }: AnomalyDetail): string {
  const [main] = reasons
  const isNumber = typeof main?.observed === 'number' && typeof main.expected === 'number'
  const direction = isNumber ? (Number(main.observed) > Number(main.expected) ? 'above' : 'below') : ''
  return `/suppressions${queryString({ pipeline, add: 'true', entity: key, field: main?.field, direction })}`
}

/** What a link by `hideLike` asks to fill in; null: the form is not asked for. */
export function prefilled(search: string): typeof BLANK | null {
  const params = new URLSearchParams(search)
  if (params.get('add') !== 'true') return null
  const [entity, field, direction] = ['entity', 'field', 'direction'].map((name) => params.get(name) ?? '')
  return { ...BLANK, entity: entity!, field: field!, direction: direction! }
}
