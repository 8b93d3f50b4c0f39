import { expect, test } from 'vitest'
import { decide } from './decide.js'

test('an anomaly is a record whose p-value is at most the alert rate; its severity is relative to the rate', () => {
  expect(decide(Float64Array.of(0.5, 0.001, 0.0100001, 0.01), { alertRate: 0.01 })).toEqual({
    isAnomaly: Uint8Array.of(0, 1, 0, 1),
    anomalies: [
      { index: 1, severity: 'high' },
      { index: 3, severity: 'low' },
    ],
    fdrState: null,
  })
})

test('under online control an anomaly is a discovery; its severity is relative to the level of its place in the stream', () => {
  const { isAnomaly, anomalies, fdrState } = decide(Float64Array.of(0.5, 1e-9, 0.002, 0.9), { fdr: 0.1 })
  expect(isAnomaly).toEqual(Uint8Array.of(0, 1, 1, 0))
  expect(anomalies).toEqual([
    { index: 1, severity: 'high' },
    { index: 2, severity: 'low' },
  ])
  expect(fdrState).toEqual({ fdr: 0.1, tested: 4, first: 2, later: [3] })
})

test('online control continues from the previous state, and restarts if that state has another share', () => {
  const { fdrState } = decide(Float64Array.of(0.5, 1e-9), { fdr: 0.1 })
  expect(decide(Float64Array.of(1e-9), { fdr: 0.1 }, fdrState).fdrState).toMatchObject({ tested: 3, later: [3] })
  expect(decide(Float64Array.of(0.5), { fdr: 0.2 }, fdrState).fdrState).toMatchObject({ fdr: 0.2, tested: 1 })
})
