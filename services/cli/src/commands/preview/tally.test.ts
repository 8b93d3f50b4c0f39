import type { Control } from '@outflow/alerting'
import type { DetectedAnomaly } from '@outflow/store/anomalies'
import { expect, test } from 'vitest'
import { describePreview } from '../preview.js'
import { atAlertRate, makeTally } from './tally.js'

const NOON = Date.parse('2026-11-23T12:00:00Z')
const MINUTE = 60_000
const off: Control = { suppressions: [] }

const anAnomaly = (offset: number, overrides: Partial<DetectedAnomaly> = {}): DetectedAnomaly => ({
  id: `flights/flights/0/${offset}`,
  key: 'JFK',
  severity: 'low',
  nll: 9,
  pValue: 0.001,
  reason: null,
  provisional: false,
  eventTimeMs: NOON,
  detectedAtMs: NOON + offset * MINUTE,
  ...overrides,
})

function tallyOf(control: Partial<Control>, anomalies: readonly DetectedAnomaly[]) {
  const tally = makeTally({ ...off, ...control })
  for (const anomaly of anomalies) tally.add(anomaly)
  return tally.end()
}

test('without suppressions, cool-down and grouping, each anomaly is an alert', () => {
  expect(tallyOf({}, [anAnomaly(0), anAnomaly(1, { severity: 'high' })])).toMatchObject({
    anomalies: 2,
    alerts: 2,
    sent: 2,
    bySeverity: { high: { anomalies: 1, alerts: 1 }, low: { anomalies: 1, alerts: 1 } },
    days: [{ day: '2026-11-23', anomalies: 2, alerts: 2 }],
  })
})

test('a lower alert rate keeps the rarer anomalies, with their severities at it; other targets keep all', () => {
  const anomalies = [
    anAnomaly(0, { pValue: 0.0009, severity: 'low' }),
    anAnomaly(1, { pValue: 0.00009, severity: 'high' }),
  ]
  expect(atAlertRate(anomalies, { alertRate: 0.0001 })).toEqual([{ ...anomalies[1], severity: 'low' }])
  expect(atAlertRate(anomalies, { alertRate: 0.001 })).toHaveLength(2)
  expect(atAlertRate(anomalies, { fdr: 0.1 })).toEqual(anomalies)
})

test('counts the anomalies that each rule hid, and counts a group on the day on which its bucket ends', () => {
  const rule = { entity: 'LAX', field: null, direction: null, range: null, timeOfWeek: null, zone: 'UTC' }
  const control = {
    suppressions: [{ ...rule, id: '3', expiresAt: new Date(NOON + 9e9) }],
    grouping: { bucket: 12 * 60 * MINUTE, perKey: 1, perReason: 9 },
  }
  const anomalies = [anAnomaly(0), anAnomaly(1, { key: 'LAX' }), anAnomaly(2, { severity: 'high' }), anAnomaly(3)]
  const tally = tallyOf(control, anomalies)
  expect(tally).toMatchObject({
    anomalies: 4,
    alerts: 2,
    sent: 1,
    groups: { key: 1 },
    grouped: { key: 2 },
    hidden: { cooldown: 0, rules: [{ id: '3', hidden: 1 }] },
    bySeverity: { high: { anomalies: 1, alerts: 1 }, low: { anomalies: 3, alerts: 1 } },
    days: [
      { day: '2026-11-23', anomalies: 4, alerts: 1 },
      { day: '2026-11-24', anomalies: 0, alerts: 1 },
    ],
  })
  const preview = {
    ...tally,
    detected: 4,
    pipeline: 'flights',
    from: 'then',
    to: 'now',
    hidden: { cooldown: 0, rules: [{ id: '3', hidden: 1, why: 'known\nfact' }] },
  }
  const text = describePreview(preview, { table: () => '' })
  expect(text).toContain('4 anomalies would have been 2 alerts, 1 of them about one each')
  expect(text).toContain('  hidden by rule 3, known\\u000afact: 1\n  of a key: 2, sent in 1 alert\n')
})

test('states that no detected anomaly would have been alerted (it stated that none was detected)', () => {
  const hidden = { cooldown: 0, rules: [] }
  const preview = { ...tallyOf({}, []), hidden, pipeline: 'flights', from: 'then', to: 'now', detected: 56 }
  const text = describePreview(preview, { table: () => '' })
  expect(text).toBe('flights, detected from then to now\nnone of 56 detected anomalies would have been alerted')
})

test('counts a group that waits for the end of quiet hours on the day on which they end', () => {
  const control = {
    grouping: { bucket: 60 * MINUTE, perKey: 1, perReason: 9 },
    quietHours: { when: '13:00-06:00', zone: 'UTC', below: 'high' as const },
  }
  expect(tallyOf(control, [anAnomaly(0), anAnomaly(1)])).toMatchObject({
    alerts: 2,
    days: [
      { day: '2026-11-23', anomalies: 2, alerts: 1 },
      { day: '2026-11-24', anomalies: 0, alerts: 1 },
    ],
  })
})
