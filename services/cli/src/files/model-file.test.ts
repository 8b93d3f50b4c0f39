import { expect, it } from 'vitest'
import { warnOfNoAnomaly } from './model-file.js'

/** The warnings for a model with this number of calibration records and no tail. */
function warningsFor(rows: number, alertRate: number): readonly string[] {
  const calibration = {
    rows,
    smallestPValue: 1 / (rows + 1),
    hasTail: false,
    medianNll: 1,
    extremes: null,
    labels: null,
  }
  const said: string[] = []
  warnOfNoAnomaly({ calibration, recordsPerDay: 1_000, provisional: false }, alertRate, {
    say: (line) => said.push(line),
  })
  return said
}

it('warns that no record can be an anomaly when the calibration set is too small for the alert rate', () => {
  expect(warningsFor(90, 0.01)).toEqual([
    'warning: no record can be an anomaly at an alert rate of 0.01: no p-value is below 0.011, as 90 calibration records have no tail; ' +
      'train on more records, or use a larger rate',
  ])
})

it('prints no warning when some record can be an anomaly', () => {
  expect(warningsFor(100, 0.01)).toEqual([])
})
