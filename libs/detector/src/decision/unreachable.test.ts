import { configSchema, type DetectionTarget } from '@outflow/contracts'
import { describe, expect, it, test } from 'vitest'
import { beginFdr, discover } from './online-fdr.js'
import { unreachable } from './unreachable.js'

function limitOf(rows: number, detection: DetectionTarget, hasTail = false): string | null {
  const calibration = { rows, smallestPValue: 1 / (rows + 1), hasTail, medianNll: 1, extremes: null, labels: null }
  return unreachable({ calibration, recordsPerDay: 1_000, provisional: false }, detection)
}

test('issue 17.10: with 300 records at the default rate no record can be an anomaly, and the text has the values', () => {
  const detection = configSchema.shape.detection.parse({})
  // 30 % of 300 records are calibration records.
  expect(limitOf(90, detection)).toBe(
    'no record can be an anomaly at an alert rate of 0.001: no p-value is below 0.011, as 90 calibration records have no tail; ' +
      'train on more records, or use a larger rate',
  )
})

describe('issue 17.6: without a tail', () => {
  it.each([
    [998, /^no record can be an anomaly at an alert rate of 0.001:/],
    [999, /^no anomaly can be more severe than low at/],
    [2_000, /^no anomaly can be more severe than medium at/],
  ])('%i calibration records leave severities out of reach at a rate of 0.001', (rows, sentence) => {
    expect(limitOf(rows, { alertRate: 0.001 })).toMatch(sentence)
  })

  it('a budget counts as the rate that it is converted to', () => {
    expect(limitOf(50, { alertRate: 0.001, alertBudget: 20 })).toMatch(
      /^no anomaly can be more severe than low at an alert rate of 0.02:/,
    )
  })

  it('online control can discover only the first records of a partition, as many as the text states', () => {
    const limit = limitOf(2_000, { alertRate: 0.001, fdr: 0.1 })
    const records = Number(/ after the first (\d+) of a partition/.exec(limit!)?.[1])
    const discovers = (place: number) => discover({ ...beginFdr(0.1), tested: place }, [1 / 2_001]).places.length > 0
    expect(records).toBeGreaterThan(1)
    expect([records - 1, records].map(discovers)).toEqual([true, false])
    expect(limitOf(90, { alertRate: 0.001, fdr: 0.1 })).toMatch(/^no record can be a discovery at fdr 0.1: /)
  })

  it.each<[number, DetectionTarget]>([
    [8_000, { alertRate: 0.001 }],
    [90, { alertRate: 0.1 }],
  ])('%i calibration records reach every severity at %j', (rows, detection) => {
    expect(limitOf(rows, detection)).toBeNull()
  })
})

it('with a provisional model no record is rarer than its calibration records, with or without a tail', () => {
  const calibration = { rows: 180, smallestPValue: 1 / 181, hasTail: true, medianNll: 1, extremes: null, labels: null }
  expect(unreachable({ calibration, recordsPerDay: 1_000, provisional: true }, { alertRate: 0.001 })).toBe(
    'no record can be an anomaly at an alert rate of 0.001: no p-value is below 0.0055, of a provisional model of 180 records; ' +
      'train on more records, or use a larger rate',
  )
})

it('states that anomalies among the calibration records hide others, with a command (no message did)', () => {
  const limitOfRate = (alertRate: number) => {
    const own = { rows: 9_000, smallestPValue: 1 / 9_001, hasTail: true, medianNll: 1, labels: null }
    const calibration = { ...own, extremes: { rows: 13, pValue: 0.0015 } }
    return unreachable({ calibration, recordsPerDay: 1_000, provisional: false }, { alertRate })
  }
  expect(limitOfRate(0.001)).toBe(
    '13 of 9000 calibration records are far less likely than all others, so that records like them are not anomalies at an alert rate of ' +
      '0.001; label them: outflow verdicts ask',
  )
  expect(limitOfRate(0.002)).toBeNull()
})

it('with a tail nothing is unreachable', () => {
  for (const detection of [{ alertRate: 1e-6 }, { alertRate: 0.001, fdr: 0.01 }])
    expect(limitOf(2_000, detection, true)).toBeNull()
})
