import type { AnalystAnomaly } from '@outflow/store/anomalies'
import { expect, it } from 'vitest'
import { describe } from './anomalies.js'

const anomaly: AnalystAnomaly = {
  ...{ pipeline: 'flights', topic: 'flights', partition: 2, offset: 18_043n, modelId: 'm', nll: 41.5 },
  eventTime: new Date('2001-01-21T21:59:00Z'),
  detectedAt: new Date('2026-11-28T00:02:11.240Z'),
  ...{ entityKey: 'IAH', pValue: 0.0011, severity: 'medium', provisional: false, reasons: null, unexplainable: null },
  ...{ counterfactual: null, verdict: null },
}
const reason = (field: string, bits: number, text: string) => ({
  field,
  bits,
  text,
  observed: 1,
  expected: 2,
  range: null,
})

it('an anomaly is one line: how rare it is, its id, the main reason and the share of each field', () => {
  const reasons = [reason('distance', 97, 'distance 448 is far\nbelow the 1,222'), reason('delay', 3, 'delay −16')]
  expect(describe({ ...anomaly, reasons })).toBe(
    '2026-11-28T00:02:11Z  medium  1 in 910                   flights/flights/2/18043  IAH  ' +
      'distance 448 is far\\u000abelow the 1,222 (distance 97 %, delay 3 %)',
  )
})

it('the line names the mistake that explains the anomaly, if there is one, and it is in the main field', () => {
  const changes = [{ field: 'distance', from: 721, to: 448 }]
  const mistake = { name: 'kilometres instead of miles', share: 0.97 }
  const counterfactual = { changes, nll: 12, text: 'normal with distance 448 instead of 721', mistake }
  expect(describe({ ...anomaly, reasons: [reason('distance', 97, 'distance 721')], counterfactual })).toMatch(
    /distance 721: kilometres instead of miles\? 97 % \(distance 100 %\)$/,
  )
  const reasons = [reason('carrier', 53, 'carrier ZZ'), reason('distance', 47, 'distance 721')]
  // It read `carrier ZZ: kilometres instead of miles?`.
  expect(describe({ ...anomaly, reasons, counterfactual })).toMatch(/carrier ZZ \(carrier 53 %, distance 47 %\)$/)
})

it('an anomaly of a provisional model is marked', () => {
  expect(describe({ ...anomaly, provisional: true })).toMatch(/ \[provisional\]$/)
})

it('an anomaly without reasons states why there are none', () => {
  expect(describe({ ...anomaly, entityKey: null })).toMatch(/ no key {2}without reasons yet$/)
  expect(describe({ ...anomaly, unexplainable: 'model m is gone' })).toMatch(/model m is gone$/)
})
