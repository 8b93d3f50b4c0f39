import type { HealthFacts } from '@outflow/store/health-events'
import { describe, expect, test } from 'vitest'
import { type ConditionsOptions, conditionsOf } from './conditions.js'
import { type Counters, type RecentCounts, watchCounts } from './recent-counts.js'
import { watchSilence } from './silence.js'

const HOUR_MS = 3_600_000
const WELL: HealthFacts = {
  activeId: 'model-1',
  modelAgeMs: HOUR_MS,
  rejectedFor: 'missing_field',
  drift: null,
}
const QUIET: RecentCounts = {
  received: 3_000,
  rejected: 0,
  scored: 3_000,
  anomalies: 12,
  usualShare: 0,
  watchedMs: 300_000,
}
const LOOKING: ConditionsOptions = {
  training: { every: HOUR_MS, cron: undefined },
  now: Date.UTC(2026, 10, 25, 12),
  trainerBeatAgeMs: 4_000,
  watchedMs: HOUR_MS,
  silence: { ms: 0, hasEnded: true },
  recent: QUIET,
  open: [],
  whyNoModel: 'the trainer reads its window',
}

const found = (facts: Partial<HealthFacts>, options: Partial<ConditionsOptions> = {}) =>
  conditionsOf({ ...WELL, ...facts }, { ...LOOKING, ...options })
const kinds = (...of: Parameters<typeof found>) => found(...of).map(({ kind }) => kind)

describe('conditionsOf', () => {
  test('returns nothing for a healthy pipeline', () => expect(kinds({})).toEqual([]))

  test('issue 17.7: no model, with the reason, and no silence', () => {
    const whyNoModel = 'training window: 5,000 records read, 5,000 rejected, for example: $.amout is absent'
    const silence = { ms: HOUR_MS, hasEnded: true }
    const detail = `no model is active, and nothing is scored: ${whyNoModel}`
    expect(found({ activeId: null, modelAgeMs: null }, { silence, whyNoModel })).toEqual([
      { kind: 'no_model', detail, modelId: null },
    ])
  })

  test('a trainer without a heartbeat for a minute; not one that never had a heartbeat', () => {
    expect(kinds({}, { trainerBeatAgeMs: 61_000 })).toEqual(['trainer_dead'])
    expect(kinds({}, { trainerBeatAgeMs: 59_000 })).toEqual([])
    expect(kinds({}, { trainerBeatAgeMs: null })).toEqual([])
  })

  test('a trainer has a minute to start with all services, and is still dead after a change of leader', () => {
    const late = { trainerBeatAgeMs: HOUR_MS, watchedMs: 5_000 }
    expect(kinds({}, late)).toEqual([])
    expect(kinds({}, { ...late, open: ['trainer_dead'] })).toEqual(['trainer_dead'])
  })

  test('a model older than three schedules, by interval and by cron', () => {
    expect(kinds({ modelAgeMs: 3.1 * HOUR_MS })).toEqual(['model_too_old'])
    expect(kinds({ modelAgeMs: 2.9 * HOUR_MS })).toEqual([])
    const nightly = { training: { every: HOUR_MS, cron: '0 3 * * *' } }
    const fitted = Date.UTC(2026, 10, 22, 3, 5)
    const after = (hours: number) => ({ ...nightly, now: fitted + hours * HOUR_MS })
    expect(kinds({ modelAgeMs: 71 * HOUR_MS }, after(71))).toEqual([])
    expect(kinds({ modelAgeMs: 73 * HOUR_MS }, after(73))).toEqual(['model_too_old'])
  })

  test('a schedule that pauses at night and at weekends: three of its times have passed since the fit', () => {
    const officeHours = { training: { every: HOUR_MS, cron: '0 8-18 * * 1-5' } }
    const fridayEvening = Date.UTC(2026, 10, 20, 18, 1)
    const at = (now: number) => kinds({ modelAgeMs: now - fridayEvening }, { ...officeHours, now })
    expect(at(Date.UTC(2026, 10, 21, 12))).toEqual([])
    expect(at(Date.UTC(2026, 10, 23, 9, 59))).toEqual([])
    expect(at(Date.UTC(2026, 10, 23, 10, 1))).toEqual(['model_too_old'])
  })

  test('a model of a few minutes is not old, for any schedule', () => {
    const often = { training: { every: 10_000, cron: undefined } }
    expect(kinds({ modelAgeMs: 300_000 }, often)).toEqual([])
    expect(kinds({ modelAgeMs: 601_000 }, often)).toEqual(['model_too_old'])
  })

  test('more than half of enough records are anomalies', () => {
    const scoring = (scored: number, anomalies: number, options: Partial<ConditionsOptions> = {}) =>
      kinds({}, { recent: { ...QUIET, scored, anomalies }, ...options })
    expect(scoring(200, 101)).toEqual(['too_many_anomalies'])
    expect(scoring(200, 100)).toEqual([])
    expect(scoring(199, 199)).toEqual([])
    // A new leader ended and began it again, also one whose first checks failed, or stated that 1 of 60 records are anomalies.
    const open = ['too_many_anomalies']
    for (const scored of [0, 60]) {
      const recent = { ...QUIET, scored, anomalies: scored && 1, watchedMs: 299_999 }
      const detail = 'records were anomalies, and fewer than 200 newer ones have been scored'
      expect(found({}, { recent, open })).toMatchObject([{ kind: 'too_many_anomalies', detail }])
    }
    expect(scoring(0, 0, { open })).toEqual([])
  })

  test('records arrive for a minute and none is scored', () => {
    expect(kinds({}, { silence: { ms: 61_000, hasEnded: true } })).toEqual(['detector_silent'])
    expect(kinds({}, { silence: { ms: 59_000, hasEnded: true } })).toEqual([])
    const taken = { silence: { ms: 0, hasEnded: false }, open: ['detector_silent'] }
    expect(kinds({}, taken)).toEqual(['detector_silent'])
    // A new leader reported that records have arrived for 0 ms.
    expect(found({}, taken)[0]?.detail).toBe('records have arrived, and none was scored')
  })

  const rejecting = (received: number, rejected: number, usualShare: number, open: readonly string[] = []) =>
    kinds({}, { recent: { ...QUIET, received, rejected, usualShare }, open })

  test('issue 17.8: all records are rejected, even if that is usual', () => {
    expect(rejecting(20, 20, 0)).toEqual(['records_rejected'])
    expect(rejecting(20, 20, 1)).toEqual(['records_rejected'])
    expect(rejecting(19, 19, 0)).toEqual([])
  })

  test('issue 17.8: the share of rejected records is three times the usual, and at least one percent', () => {
    expect(rejecting(1_000, 121, 0.04)).toEqual(['records_rejected'])
    expect(rejecting(1_000, 120, 0.04)).toEqual([])
    expect(rejecting(3_000, 31, 0)).toEqual(['records_rejected'])
    expect(rejecting(3_000, 30, 0)).toEqual([])
  })

  test('issue 17.8: the condition lasts until the share of rejections is normal again, across a pause and a change of leader', () => {
    const open = ['records_rejected']
    expect(rejecting(1_000, 60, 0.04, open)).toEqual(open)
    expect(rejecting(1_000, 40, 0.04, open)).toEqual([])
    expect(rejecting(0, 0, 0.04, open)).toEqual(open)
  })

  test('a condition of which half of the records are rejected does not end by one record (it began and ended at every check)', () => {
    const open = rejecting(3_001, 1_501, 0.5)
    expect(open).toEqual(['records_rejected'])
    expect(rejecting(3_000, 1_500, 0.5, open)).toEqual(open)
    expect(rejecting(3_000, 1_350, 0.5, open)).toEqual([])
  })

  test('rejections that no record has followed are not described by a count of none', () => {
    const recent = { ...QUIET, received: 0, rejected: 0, usualShare: 0.04 }
    expect(found({}, { recent, open: ['records_rejected'] })).toMatchObject([
      { detail: 'records were rejected, most of them for missing_field; no newer ones have arrived' },
    ])
  })

  test('drift of the active model, with chart, time and field', () => {
    const drift = { chart: 'less likely', changedAt: new Date(LOOKING.now), field: 'grams' }
    expect(found({ drift })).toEqual([
      {
        kind: 'drift',
        modelId: 'model-1',
        detail: 'the scores have drifted (less likely) since 2026-11-25T12:00:00.000Z, grams the most',
      },
    ])
  })
})

test('rejections of the last five minutes are compared with all earlier records', () => {
  const minute = (at: number, received: number, rejected: number): Counters => ({
    now: at * 60_000,
    received,
    rejected,
    ...{ scored: 0, anomalies: 0, activeId: null },
  })
  const look = watchCounts()
  expect(look(minute(0, 1_000, 10))).toMatchObject({ received: 0, rejected: 0, usualShare: 0.01, watchedMs: 0 })
  expect(look(minute(3, 1_600, 70))).toMatchObject({ received: 600, rejected: 60, usualShare: 0.01 })
  expect(look(minute(8, 2_600, 590))).toMatchObject({
    received: 1_000,
    rejected: 520,
    usualShare: 70 / 1_600,
    watchedMs: 300_000,
  })
  // A partition's row was deleted.
  expect(look(minute(9, 300, 0))).toMatchObject({ received: 0, rejected: 0, usualShare: 0, watchedMs: 0 })
})

test('anomalies of the last five minutes are counted from the promotion of the active model', () => {
  const look = watchCounts()
  const minute = (at: number, activeId: string, scored: number, anomalies: number) => {
    const recent = look({ now: at * 60_000, activeId, scored, anomalies, received: scored, rejected: 0 })
    return [recent.scored, recent.anomalies]
  }
  expect(minute(0, 'a', 1_000, 900)).toEqual([0, 0])
  expect(minute(1, 'a', 1_500, 1_300)).toEqual([500, 400])
  expect(minute(2, 'b', 1_600, 1_390)).toEqual([0, 0])
  expect(minute(3, 'b', 1_900, 1_391)).toEqual([300, 1])
  expect(minute(8, 'b', 1_950, 1_391)).toEqual([50, 0])
})

describe('silence', () => {
  const COUNTERS = { received: 0, rejected: 0, scored: 0, anomalies: 0, activeId: 'm' }
  const looks = (...seen: readonly (readonly [ends: number, stored: number, scored?: number, received?: number])[]) => {
    const look = watchSilence()
    return seen.map(
      ([ends, stored, scored = stored, received = stored], at) =>
        look({ ...COUNTERS, now: at * 10, ends: BigInt(ends), stored: BigInt(stored), received, scored }).ms,
    )
  }

  test('begins when there are unread records and none is stored, and ends with the first stored record', () => {
    expect(looks([500, 500], [900, 500], [900, 500], [1_300, 500], [1_300, 501])).toEqual([0, 10, 20, 30, 0])
  })

  test('issue 17.8: continues while every record that arrives is stored and rejected', () => {
    expect(looks([500, 500], [510, 510, 500], [520, 520, 500], [530, 530, 500])).toEqual([0, 0, 20, 30])
    expect(looks([500, 500], [510, 510, 500], [510, 510, 500], [520, 520, 500])).toEqual([0, 0, 0, 0])
  })

  test('is 0 while only tombstones and aborted records arrive (they began detector_silent)', () => {
    expect(looks([500, 500, 500, 500], [700, 700, 500, 500], [900, 900, 500, 500], [990, 990, 500, 500])).toEqual([
      0, 0, 0, 0,
    ])
  })

  test('is 0 if no records arrive', () => expect(looks([500, 500], [500, 500], [500, 500])).toEqual([0, 0, 0]))

  test('is not reported if the few unread offsets are transaction markers', () => {
    expect(looks([500, 500], [501, 500], [501, 500], [501, 500])).toEqual([0, 0, 0, 0])
  })

  test('begins with the model: records that waited for the first one do not count', () => {
    const look = watchSilence()
    const records = { ...COUNTERS, ends: 900n, stored: 0n }
    const at = (now: number, activeId: string | null) => look({ ...records, now, activeId }).ms
    expect([at(0, null), at(70_000, null), at(80_000, 'm'), at(90_000, 'm')]).toEqual([0, 0, 10_000, 20_000])
  })

  test('with few but continual records counts from the last stored one', () => {
    expect(looks([500, 500], [501, 500], [502, 500], [503, 500])).toEqual([0, 0, 20, 30])
  })
})
