import { expect, it } from 'vitest'
import { meansOf, methodTable, type Outcome, setTable } from './quality-table.js'

const outcome = (set: string, protocol: 'S' | 'U', auroc: number, method = 'outflow'): Outcome => ({
  set,
  protocol,
  method,
  auroc,
  averagePrecision: auroc / 2,
  fitSeconds: 1,
  scoreSeconds: 0.5,
})

it('averages over seeds and sets, also of an incomplete run', () => {
  const outcomes = [outcome('a', 'S', 0.8), outcome('a', 'S', 0.6), outcome('a', 'U', 0.5), outcome('b', 'S', 1)]
  expect(meansOf(outcomes).map(({ protocol, set, auroc }) => [protocol, set, Number(auroc.toFixed(3))])).toEqual([
    ['S', 'a', 0.7],
    ['S', 'b', 1],
    ['S', null, 0.8],
    ['U', 'a', 0.5],
    ['U', null, 0.5],
  ])
  expect(setTable(outcomes)[0]).toEqual({ protocol: 'S', set: 'a', outflow: '.700 / .350' })
})

it('compares methods by mean, rank and paired test over the sets', () => {
  const outcomes = ['a', 'b', 'c'].flatMap((set, at) => [
    outcome(set, 'S', 0.7 + at / 10),
    outcome(set, 'S', 0.6 + at / 20, 'kNN'),
  ])
  const [own, peer] = methodTable(outcomes)
  expect(own).toMatchObject({ protocol: 'S', method: 'outflow', 'mean rank': 1, 'p of Wilcoxon': null, 'fit s': 1 })
  expect(own!.AUROC).toBeCloseTo(0.8)
  expect(peer).toMatchObject({ method: 'kNN', 'mean rank': 2 })
  expect([peer!.AUROC, peer!.AP]).toEqual([expect.closeTo(0.65), expect.closeTo(0.325)])
  // Three pairs of one sign: W is 6, three above its expectation, with variance 3.5.
  expect(peer!['p of Wilcoxon']).toBeCloseTo(0.109, 3)
})
