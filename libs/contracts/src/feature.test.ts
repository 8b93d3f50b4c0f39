import { expect, it } from 'vitest'
import { fieldPath } from './feature.js'

it.each(['$.delay', '$.route.origin', '$.legs[0].miles', '$.Departure Time', '$[2]', '$.__proto'])(
  'reads %s as a path',
  (path) => {
    expect(fieldPath.safeParse(path).success).toBe(true)
  },
)

it.each(['delay', '$', '$.', '$.a..b', '$.a[b]', '$.a[0', '$.__proto__', '$.__proto__.x', '$.a.__proto__[0]'])(
  'does not take %s for a path',
  (path) => {
    expect(fieldPath.safeParse(path).success).toBe(false)
  },
)
