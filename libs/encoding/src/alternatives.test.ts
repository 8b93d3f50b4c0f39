import type { Feature } from '@outflow/contracts'
import { makeReader } from '@outflow/records'
import type { Fields } from '@outflow/records/fields'
import { expect, it } from 'vitest'
import { coarseAlternatives, numberAlternatives, usualNumber } from './alternatives.js'
import { encodeBatch } from './encode.js'
import { determiningGroup } from './evidence.js'
import { fitEncoder } from './fit-encoder.js'

const features: Feature[] = [
  { path: '$.seconds', type: 'numeric', optional: false },
  { path: '$.route', type: 'categorical', optional: false },
]
const read = makeReader(features)
/** Durations: 0 to 4 seconds on the short route, half of the records; 400 to 489 on the long one. */
const records = Array.from({ length: 600 }, (_, k) =>
  read({ seconds: k % 2 === 0 ? k % 5 : 400 + (k % 90), route: k % 2 === 0 ? 'short' : 'long' }),
) as Fields[]
const { encoder } = await fitEncoder(features, records, { contamination: 0, seed: 1 })

it.each(['short', 'long'])(
  'alternatives are within the training range: no negative duration of a %s route',
  (route) => {
    const { ids } = encodeBatch(encoder, [read({ seconds: 1, route }) as Fields])
    const group = determiningGroup(encoder, ids, 0)
    const values = [
      ...numberAlternatives(encoder, ids, 0, 300),
      ...coarseAlternatives(encoder, ids, 0, 6),
      usualNumber(encoder, ids, 0),
      ...(group?.range ?? []),
    ]
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThanOrEqual(489)
    expect(group?.name).toBe(`route ${route}`)
  },
)

it("alternatives exclude values far from the record's group, although a few records of other groups have them", async () => {
  const rare = read({ seconds: 90_000, route: 'long' }) as Fields
  const { encoder } = await fitEncoder(features, [...records, rare, rare], { contamination: 0.01, seed: 1 })
  const { ids } = encodeBatch(encoder, [read({ seconds: 1, route: 'short' }) as Fields])
  expect(Math.max(...numberAlternatives(encoder, ids, 0, 300))).toBeLessThan(500)
})

it('the usual number of a column on a log scale is in its own unit', async () => {
  const onLogScale: Feature[] = [{ path: '$.seconds', type: 'numeric', scale: 'log', optional: false }, features[1]!]
  const { encoder } = await fitEncoder(onLogScale, records, { contamination: 0, seed: 1 })
  const { ids } = encodeBatch(encoder, [read({ seconds: 440, route: 'long' }) as Fields])
  expect(usualNumber(encoder, ids, 0)).toBe(determiningGroup(encoder, ids, 0)?.median)
})
