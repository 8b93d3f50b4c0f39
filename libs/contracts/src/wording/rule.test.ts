import { expect, test } from 'vitest'
import { formatRule } from './rule.js'

const any = { entity: null, field: null, direction: null, range: null, timeOfWeek: null, zone: 'UTC' } as const

test.each([
  [{ entity: 'JFK' }, 'JFK'],
  [{ field: 'delay' }, 'any key, for its delay'],
  [{ entity: 'JFK', field: 'delay', direction: 'above' as const }, 'JFK, where delay is above normal'],
  [{ field: 'delay', range: [-20, 1_500] as [number, number] }, 'any key, where delay is from −20 to 1,500'],
  [{ field: 'mass', range: [1e-300, 1e300] as [number, number] }, 'any key, where mass is from 1e−300 to 1e300'],
  [{ field: 'delay', range: [30, null] as [number, null] }, 'any key, where delay is at least 30'],
  [
    {
      entity: 'JFK',
      field: 'delay',
      direction: 'above' as const,
      range: [null, 90] as [null, number],
      timeOfWeek: 'mon 06:00-09:00',
      zone: 'Europe/Berlin',
    },
    'JFK, where delay is above normal and at most 90, mon 06:00-09:00 (Europe/Berlin)',
  ],
])('%j reads %s', (rule, words) => expect(formatRule({ ...any, ...rule })).toBe(words))
