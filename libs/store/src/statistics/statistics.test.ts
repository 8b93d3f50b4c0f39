import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  mergeScores,
  minuteScores,
  NLL_BUCKETS,
  nllBucket,
  nllBucketStart,
  ODDS_BUCKETS,
  oddsBucket,
  oddsBucketStart,
} from './statistics.js'

describe('nllBucket', () => {
  it('puts every nll between its bucket’s start and the next one’s', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (nll) => {
        const bucket = nllBucket(nll)
        expect(nll).toBeGreaterThanOrEqual(nllBucketStart(bucket) - 1e-9 * Math.abs(nll))
        if (bucket < NLL_BUCKETS - 1) {
          expect(nll).toBeLessThanOrEqual(nllBucketStart(bucket + 1) + 1e-9 * Math.abs(nll))
        }
      }),
    )
  })

  it('has several buckets for the scores of 60 precise numbers (all below −201 nats were in one)', () => {
    expect(nllBucket(-230)).toBeGreaterThan(nllBucket(-290))
    expect(nllBucket(-1_000)).toBeGreaterThan(nllBucket(-1_300))
  })

  it('puts extreme values into the outermost buckets', () => {
    expect(nllBucket(Number.NEGATIVE_INFINITY)).toBe(0)
    expect(nllBucket(Number.POSITIVE_INFINITY)).toBe(NLL_BUCKETS - 1)
  })
})

describe('oddsBucket', () => {
  it('puts every p-value between its bucket’s start and the next one’s, down to the smallest double', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1, noNaN: true }), (p) => {
        const bucket = oddsBucket(p)
        expect(p).toBeLessThanOrEqual(oddsBucketStart(bucket) * (1 + 1e-9))
        if (bucket < ODDS_BUCKETS - 1) expect(p).toBeGreaterThanOrEqual(oddsBucketStart(bucket + 1) * (1 - 1e-9))
      }),
    )
    expect([oddsBucket(1), oddsBucket(1e-300)]).toEqual([0, ODDS_BUCKETS - 1])
  })
})

describe('minuteScores', () => {
  it('counts every record in its minute', () => {
    const minutes = minuteScores('m', [0, 59_999, 60_000], [1, 3, 2], [0, 1, 0], [0.5, 1e-4, 0.5])
    expect(minutes).toMatchObject([
      { minuteMs: 0, modelId: 'm', scored: 2, anomalies: 1, nllMin: 1, nllMax: 3, nllSum: 4 },
      { minuteMs: 60_000, modelId: 'm', scored: 1, anomalies: 0, nllMin: 2, nllMax: 2, nllSum: 2 },
    ])
    expect(minutes[0]!.histogram.reduce((sum, count) => sum + count, 0)).toBe(2)
    expect(minutes[0]!.pHistogram[oddsBucket(0.5)]).toBe(1)
    expect(minutes[0]!.pHistogram[oddsBucket(1e-4)]).toBe(1)
  })

  it('puts all times beyond the calendar into one minute, because a write may contain a minute only once', () => {
    expect(minuteScores('m', [9e15, 9e18], [1, 1], [0, 0], [0.5, 0.5])).toMatchObject([{ scored: 2 }])
  })
})

describe('mergeScores', () => {
  it('gives the scores of two batches of a minute as if they were one batch, and keeps models and minutes apart', () => {
    const part = (nll: readonly number[], model = 'm', minuteMs = 0) =>
      minuteScores(
        model,
        nll.map(() => minuteMs),
        nll,
        nll.map((own) => (own > 3 ? 1 : 0)),
        nll.map((own) => 1 / (1 + own)),
      )
    const [other, later] = [part([1], 'other'), part([1], 'm', 60_000)]
    expect(mergeScores([...part([2, 4]), ...other, ...later, ...part([1, 3])])).toEqual([
      ...part([2, 4, 1, 3]),
      ...other,
      ...later,
    ])
  })
})
