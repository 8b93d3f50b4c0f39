import { expect, it } from 'vitest'
import { comparisonOf, meansOf, type Outcome, tableOf } from './quality-table.js'

const outcome = (set: string, protocol: 'S' | 'U', seed: number, auroc: number, method = 'outflow'): Outcome => ({
  set,
  protocol,
  seed,
  method,
  auroc,
  averagePrecision: auroc / 2,
  fitSeconds: 1,
  scoreSeconds: 0.5,
})

it('averages over seeds and sets, also of an incomplete run', () => {
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

it('compares methods by mean, rank and paired test over the sets', () => {
  const outcomes = ['a', 'b', 'c'].flatMap((set, at) => [
    outcome(set, 'S', 0, 0.7 + at / 10),
    outcome(set, 'S', 0, 0.6 + at / 20, 'kNN'),
  ])
  const [, own, peer] = comparisonOf(outcomes)
    .split('\n')
    .map((line) => line.split(/ {2,}/))
  expect(own).toEqual(['S outflow', '.800', '.400', '1.00', '', '1.00', '0.50'].filter((cell) => cell !== ''))
  expect(peer!.slice(0, 4)).toEqual(['S kNN', '.650', '.325', '2.00'])
  // Three pairs of one sign: W is 6, three above its expectation, with variance 3.5.
  expect(Number(peer![4])).toBeCloseTo(0.109, 3)
})
