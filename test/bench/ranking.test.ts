import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rank } from './ranking.js'

describe('rank', () => {
  it('equals roc_auc_score and average_precision_score of scikit-learn', () => {
    const { auroc, averagePrecision } = rank([0.1, 0.4, 0.35, 0.8], [false, false, true, true])
    expect(auroc).toBeCloseTo(0.75, 12)
    expect(averagePrecision).toBeCloseTo(5 / 6, 12)
  })

  it('is 1 when every anomaly has a higher score, finite or infinite', () => {
    expect(
      rank([1, 2, 3, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], [false, false, false, true, true]),
    ).toEqual({ auroc: 1, averagePrecision: 1 })
  })

  it('treats rows of equal score together, in any order', () => {
    for (const labels of [
      [true, false, false, false],
      [false, false, false, true],
    ]) {
      expect(rank([7, 7, 7, 7], labels)).toEqual({ auroc: 0.5, averagePrecision: 1 / 4 })
    }
    expect(rank([3, 2, 2, 1], [false, true, false, true]).auroc).toBe(1 / 8)
  })

  it('equals the count over all pairs', () => {
    const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 2, maxLength: 60 })
    fc.assert(
      fc.property(
        scored.filter((rows) => rows.some(([, is]) => is) && rows.some(([, is]) => !is)),
        (rows) => {
          const anomalies = rows.filter(([, is]) => is).map(([score]) => score)
          const normals = rows.filter(([, is]) => !is).map(([score]) => score)
          const won = anomalies.flatMap((a) => normals.map((b) => (a > b ? 1 : a === b ? 0.5 : 0)))
          const { auroc } = rank(
            rows.map(([score]) => score),
            rows.map(([, is]) => is),
          )
          expect(auroc).toBeCloseTo(won.reduce((sum: number, one) => sum + one, 0) / won.length, 9)
        },
      ),
    )
  })

  it('throws for scores without a rank', () => {
    expect(() => rank([1, Number.NaN], [true, false])).toThrow(/score 1 is NaN/)
    expect(() => rank([1, 2], [true, true])).toThrow(/absent/)
    expect(() => rank([1], [true, false])).toThrow(/1 scores and 2 labels/)
  })
})
