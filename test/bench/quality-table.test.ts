import { expect, it } from 'vitest'
import { meansOf, type Outcome, tableOf } from './quality-table.js'

const outcome = (set: string, protocol: 'S' | 'U', seed: number, auroc: number): Outcome => ({
  set,
  protocol,
  seed,
  method: 'outflow',
  auroc,
  averagePrecision: auroc / 2,
  seconds: 1,
})

it('averages over seeds and sets, of a run that is not through as well', () => {
  const outcomes = [
    outcome('a', 'S', 0, 0.8),
    outcome('a', 'S', 1, 0.6),
    outcome('a', 'U', 0, 0.5),
    outcome('b', 'S', 0, 1),
  ]
  expect(meansOf(outcomes).map(({ protocol, set, auroc }) => [protocol, set, Number(auroc.toFixed(3))])).toEqual([
    ['S', 'a', 0.7],
    ['S', 'b', 1],
    ['S', null, 0.8],
    ['U', 'a', 0.5],
    ['U', null, 0.5],
  ])
  expect(tableOf(outcomes).split('\n')[1]).toBe('S a       .700 .350')
})
