import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conditional, countPairs, fitConditional } from './conditional.js'
import { marginal } from './marginal.js'
import { fitVocabulary } from './vocabulary.js'

const airport = fc.constantFrom('A', 'B', 'C', 'D', null)
const flights = fc.array(fc.tuple(airport, airport), { minLength: 2, maxLength: 60 })

function columnOf(values: readonly (string | null)[]) {
  const vocabulary = fitVocabulary('airport', values)
  return { vocabulary, ids: Int32Array.from(values, (value) => vocabulary.ids.get(value)!) }
}

function fit(pairs: readonly (readonly [string | null, string | null])[], contamination = 0) {
  const parent = columnOf(pairs.map(([from]) => from))
  const child = columnOf(pairs.map(([, to]) => to))
  const edge = fitConditional(parent, child, Int32Array.from(pairs.keys()), contamination)
  const alone = marginal(child.vocabulary.counts)
  const p = (from: string, to: string) =>
    conditional(edge, alone, parent.vocabulary.ids.get(from) ?? 0, child.vocabulary.ids.get(to) ?? 0)
  return { edge, alone, p, parents: parent.vocabulary.values.length }
}

describe('the probability of a category', () => {
  it('sums to 1 over the vocabulary and the unseen value', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 30 }), (counts) => {
        const p = marginal(Float64Array.of(0, ...counts.map((count) => count + 1)))
        expect(p.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12)
        expect(Math.min(...p)).toBeGreaterThan(0)
      }),
    )
  })

  it('sums to 1 given every parent, seen or unseen, with and without back-off to the reversed pair', () => {
    fc.assert(
      fc.property(flights, fc.boolean(), fc.constantFrom(0, 0.3), (pairs, reversible, contamination) => {
        const { edge, alone, parents } = fit(pairs, contamination)
        for (let u = 0; u <= parents; u++) {
          let sum = 0
          for (let v = 0; v < alone.length; v++) sum += conditional({ ...edge, reversible }, alone, u, v)
          expect(sum).toBeCloseTo(1, 12)
        }
      }),
    )
  })

  it('is mostly on unseen values in a column of keys', () => {
    const keys = marginal(Float64Array.of(0, 1, 1, 1, 1, 1, 1, 1, 1, 1))
    expect(keys[0]).toBeGreaterThan(0.8)
  })

  it('is positive and finite if it backs off to the reversed pair', () => {
    const pairs = [...'ABC'].flatMap((hub) => new Array(20).fill([hub, 'D'] as const))
    const { edge, alone } = fit([...pairs, ['D', 'A'], ['D', 'B'], ['B', 'A'], ['A', 'B'], ['C', 'B']])
    const reversed = conditional({ ...edge, reversible: true }, alone, 4, 3)
    expect(reversed).toBeGreaterThan(0)
    expect(Number.isFinite(reversed)).toBe(true)
  })

  it('takes equal values for contamination when they are rarer than that', () => {
    const pairs: [string, string][] = Array.from({ length: 300 }, (_, k) => ['ABC'[k % 3]!, 'BCA'[k % 3]!])
    const { p } = fit([...pairs, ['A', 'A']], 0.01)
    expect(p('A', 'A')).toBeLessThan(1e-3)
    expect(fit([...pairs, ['A', 'A']], 0).p('A', 'A')).toBeGreaterThan(5e-3)
  })
})

it('counts the pairs of few values, in an array, as those of many, in a map (500 optional numbers took minutes)', () => {
  fc.assert(
    fc.property(flights, (pairs) => {
      const [from, to] = [0, 1].map((end) => columnOf(pairs.map((pair) => pair[end]!)))
      const rows = Int32Array.from(pairs.keys())
      const expected = new Map<number, number>()
      const stride = to!.vocabulary.values.length + 1
      for (const row of rows) {
        const key = from!.ids[row]! * stride + to!.ids[row]!
        expected.set(key, (expected.get(key) ?? 0) + 1)
      }
      // Few rows take the map.
      for (const some of [rows, rows.subarray(0, 2)]) {
        const counted = [...countPairs(from!, to!, some)]
        expect(counted.reduce((sum, [, count]) => sum + count, 0)).toBe(some.length)
        if (some === rows) expect(counted).toEqual([...expected])
      }
    }),
  )
})
