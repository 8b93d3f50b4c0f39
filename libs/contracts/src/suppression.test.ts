import { expect, it } from 'vitest'
import { suppressionRuleSchema } from './suppression.js'

const expiresAt = '2030-01-01T00:00:00+01:00'
const problemsOf = (rule: object) =>
  suppressionRuleSchema.safeParse({ expiresAt, ...rule }).error?.issues.map(({ path }) => path.join('.')) ?? []

it('requires at least one of entity, field and time of the week', () => {
  expect(problemsOf({})).toEqual(['entity'])
  expect(problemsOf({ entity: 'JFK' })).toEqual([])
  expect(problemsOf({ field: 'delay' })).toEqual([])
  expect(problemsOf({ timeOfWeek: 'mon 06:00-09:00', zone: 'Europe/Berlin' })).toEqual([])
})

it('allows direction and range only with a field, and requires the lower bound first', () => {
  expect(problemsOf({ entity: 'JFK', direction: 'above', range: [1, 2] })).toEqual(['direction', 'range'])
  expect(problemsOf({ field: 'delay', direction: 'above', range: [null, 90] })).toEqual([])
  expect(problemsOf({ field: 'delay', range: [null, null] })).toEqual(['range'])
})

it.each([
  [{ field: 'delay', range: [90, 1] }, ['the lower bound must come first']],
  [{ entity: '', field: '' }, Array(2).fill('allowed: at least 1 character')],
])('states what is wrong with %j', (rule, messages) => {
  const { error } = suppressionRuleSchema.safeParse({ expiresAt, ...rule })
  expect(error?.issues.map(({ message }) => message)).toEqual(messages)
})

it('rejects unknown zones, spans and keys', () => {
  expect(problemsOf({ timeOfWeek: 'monday' })).toEqual(['timeOfWeek'])
  expect(problemsOf({ entity: 'JFK', zone: 'Berlin' })).toEqual(['zone'])
  expect(problemsOf({ entity: 'JFK', keys: [] })).toEqual([''])
})

it('accepts an expiry time with any offset from UTC', () => {
  expect(suppressionRuleSchema.parse({ expiresAt, entity: 'JFK' }).expiresAt).toEqual(new Date('2029-12-31T23:00:00Z'))
})
