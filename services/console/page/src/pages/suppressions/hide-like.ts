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
}

/** A link to the form with a rule that hides alerts of the same key for the same field in the same direction. */
export function hideLike({ pipeline, key, reasons }: AnomalyDetail): string {
  const [main] = reasons
  const isNumber = typeof main?.observed === 'number' && typeof main.expected === 'number'
  const direction = isNumber ? (Number(main.observed) > Number(main.expected) ? 'above' : 'below') : ''
  return `/suppressions${queryString({ pipeline, add: 'true', entity: key, field: main?.field, direction })}`
}

/** Returns the initial values of the form from a link of `hideLike`; null: the form is not shown. */
export function prefilled(search: string): typeof BLANK | null {
  const params = new URLSearchParams(search)
  if (params.get('add') !== 'true') return null
  const text = (name: string) => params.get(name) ?? ''
  return { ...BLANK, entity: text('entity'), field: text('field'), direction: text('direction') }
}
