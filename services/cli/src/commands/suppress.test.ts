import { type Feature, featureSchema, suppressionRuleSchema } from '@outflow/contracts'
import type { Suppression } from '@outflow/store/suppressions'
import { expect, it } from 'vitest'
import { UsageError } from '../errors.js'
import { type AddOptions, describeRules, requireMatchable, ruleOf } from './suppress.js'

const features: readonly Feature[] = [
  { path: '$.delay', type: 'numeric' },
  { path: '$.origin', type: 'categorical' },
  { path: '$.at', type: 'cyclic', period: 'day' },
  { path: '$.url', type: 'text' },
  { name: 'rate', type: 'window', aggregate: 'count', over: '1h' },
].map((feature) => featureSchema.parse(feature))

const checked = (rule: object) => () =>
  requireMatchable(suppressionRuleSchema.parse({ expiresAt: '2030-01-01T00:00:00Z', ...rule }), features)

it('accepts a range and a direction of a field of numbers', () => {
  for (const field of ['delay', 'rate', 'url length']) {
    expect(checked({ field, range: [0, 90] })).not.toThrow()
    expect(checked({ field, direction: 'above' })).not.toThrow()
  }
  expect(checked({ field: 'origin' })).not.toThrow()
})

it('rejects a range and a direction of a field whose reasons have no number, because they would never match', () => {
  expect(checked({ field: 'origin', range: [0, 90] })).toThrow(
    '--range: allowed: with a field of numbers; origin is categorical',
  )
  expect(checked({ field: 'at', direction: 'above' })).toThrow(
    '--direction: allowed: with a field of numbers; at is cyclic',
  )
})

it('rejects a field that no reason has', () => {
  expect(checked({ field: 'delai' })).toThrow(new UsageError('no field is called delai; did you mean delay?'))
  expect(checked({ field: 'url' })).toThrow(/^no field is called url/)
})

it('rejects a time zone without the hours that it is for', () => {
  const until = new Date('2030-01-01')
  expect(() => ruleOf({ zone: 'Europe/Berlin', until } as AddOptions)).toThrow('--zone: allowed: with --when')
  expect(ruleOf({ when: 'sat', until } as AddOptions)).toMatchObject({ timeOfWeek: 'sat', zone: 'UTC' })
})

it('shows the colours of a key and of a reason as escapes (a key of a record could hide the rest of the list)', () => {
  const { expiresAt, ...rule } = suppressionRuleSchema.parse({
    entity: 'a\u001b[8mb',
    expiresAt: '2030-01-01T00:00:00Z',
  })
  const stored = {
    ...rule,
    id: '7',
    expiresAt: new Date(expiresAt),
    removedBy: null,
    hidden: 2,
    why: '\u001b[8mc',
    createdBy: 'ada',
  }
  const listed = describeRules([stored as unknown as Suppression], { table: ({ rows }) => String(rows) })
  expect(listed).toBe('7,a\\u001b[8mb,2030-01-01T00:00:00.000Z,2,\\u001b[8mc,ada')
})
