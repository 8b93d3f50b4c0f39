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
  const p = (from: string, to: string, reversible = false) =>
    conditional({ ...edge, reversible }, alone, parent.vocabulary.ids.get(from) ?? 0, child.vocabulary.ids.get(to) ?? 0)
  return { edge, alone, p, parents: parent.vocabulary.values.length }
}

/** q(v | u) as the comment on `conditional` defines it, counted from the pairs, of values that occur in them. */
function byFormula(pairs: readonly (readonly [string, string])[], u: string, v: string, reversible: boolean): number {
  const count = (of: (from: string, to: string) => boolean) => pairs.filter(([from, to]) => of(from, to)).length
  const n = (a: string, b: string) => count((from, to) => from === a && to === b)
  const q = (b: string) => count((_, to) => to === b) / pairs.length
  const letters = [...'ABCD']
  const unequal = letters.flatMap((a) => letters.filter((b) => b !== a).map((b) => n(a, b)))
  const [once, twice] = [1, 2].map((times) => unequal.filter((own) => own === times).length) as [number, number]
  const discount = once === 0 ? 0 : Math.min(0.9, once / (once + 2 * twice))
  const backedOff = (own: number, others: readonly number[], backOff: number) => {
    const seen = others.filter((other) => other > 0).length
    const total = others.reduce((sum, other) => sum + other, 0)
    return (own - (own > 0 ? discount : 0) + (5 + discount * seen) * backOff) / (total + 5)
  }
  const others = letters.filter((b) => b !== u)
  const ofParent = others.map((b) => n(u, b))
  if (q(u) === 0) return backedOff(n(u, v), ofParent, q(v))
  const equality = (count((from, to) => from === to) + 0.5) / (pairs.length + 1)
  const equal = (n(u, u) + 5 * equality) / (count((from) => from === u) + 5)
  if (u === v) return equal
  const alone = q(v) / (1 - q(u))
  const arrivals = others.filter((b) => q(b) > 0).map((b) => n(b, u))
  return (1 - equal) * backedOff(n(u, v), ofParent, reversible ? backedOff(n(v, u), arrivals, alone) : alone)
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

  it('is that of its formula for any pairs, with and without back-off to the reversed pair', () => {
    const letter = fc.constantFrom('A', 'B', 'C', 'D')
    fc.assert(
      fc.property(
        fc.array(fc.tuple(letter, letter), { minLength: 2, maxLength: 60 }),
        fc.boolean(),
        (pairs, reversible) => {
          const { edge, alone, p } = fit(pairs)
          fc.pre(edge.twin !== null)
          for (const [u] of pairs) {
            for (const [, v] of pairs) {
              expect(p(u, v, reversible)).toBeCloseTo((1 - alone[0]!) * byFormula(pairs, u, v, reversible), 12)
            }
          }
        },
      ),
      { seed: 1 },
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
