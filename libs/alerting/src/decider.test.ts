import { type Alert, type AlertBucket, groupEventSchema } from '@outflow/contracts'
import { describe, expect, it } from 'vitest'
import { addToGroup, openBucket } from './bucket.js'
import { type Control, makeDecider } from './decider.js'
import { groupEvent } from './events/group-event.js'
import { anAlert, aReason, MONDAY } from './test-builders.js'

const MINUTE = 60_000

/** Alerts at minutes after eight on Monday, numbered from 0. */
const alertsAt = (minutes: readonly number[], overrides: (place: number) => Partial<Alert> = () => ({})): Alert[] =>
  minutes.map((minute, place) =>
    anAlert({
      id: `flights/flights/0/${place}`,
      nll: place,
      detectedAtMs: MONDAY + minute * MINUTE,
      ...overrides(place),
    }),
  )

/** The outcome of each alert, and the groups closed by `untilMinute` as `kind subject count+sent`. */
function decided(control: Partial<Control>, alerts: readonly Alert[], untilMinute = 10_000) {
  const decider = makeDecider({ suppressions: [], ...control }, [])
  const groups: AlertBucket[] = []
  const outcomes = alerts.map((alert) => {
    const { unsent, closed } = decider.decide(alert)
    groups.push(...closed)
    return unsent?.because ?? 'sent'
  })
  groups.push(...decider.closeDue(MONDAY + untilMinute * MINUTE))
  return {
    outcomes,
    groups: groups.map(({ kind, subject, count, sent }) => `${kind} ${subject} ${count}+${sent}`),
    decider,
  }
}

const grouping = { bucket: 10 * MINUTE, perKey: 2, perReason: 4 }

describe('with every control off', () => {
  it('sends each alert individually and keeps no state', () => {
    const { outcomes, groups, decider } = decided({}, alertsAt([0, 0, 1, 2]))
    expect(outcomes).toEqual(['sent', 'sent', 'sent', 'sent'])
    expect(groups).toEqual([])
    expect(decider.open()).toEqual([])
  })
})

describe('grouping', () => {
  it('groups the alerts after the first ones of a key, and reports the group at the end of the bucket', () => {
    const { outcomes, groups, decider } = decided({ grouping }, alertsAt([0, 1, 2, 3, 9.99, 10]))
    expect(outcomes).toEqual(['sent', 'sent', 'key', 'key', 'key', 'key'])
    // More than two were grouped: the storm continues at minute 10, and ends after a bucket with at most two.
    expect(groups).toEqual(['key JFK 3+2', 'key JFK 1+0'])
    expect(decider.open()).toEqual([])
  })

  it('sends alerts of a key individually again after a bucket that grouped no more than it sent', () => {
    const { outcomes, groups } = decided({ grouping }, alertsAt([0, 1, 2, 3, 10, 11, 12]))
    expect(outcomes).toEqual(['sent', 'sent', 'key', 'key', 'sent', 'sent', 'key'])
    expect(groups).toEqual(['key JFK 2+2', 'key JFK 1+2'])
  })

  it('groups a storm of one main reason over many keys, but not other reasons or directions', () => {
    const storm = alertsAt([0, 1, 2, 3, 4, 5], (place) => ({ key: `K${place}` }))
    const below = anAlert({ key: 'B', reason: aReason({ observed: -90 }), detectedAtMs: MONDAY + 6 * MINUTE })
    const category = { field: 'origin', observed: 'A', expected: 'B' }
    const other = anAlert({ key: 'C', reason: aReason(category), detectedAtMs: MONDAY + 6 * MINUTE })
    const { outcomes, groups } = decided({ grouping }, [...storm, below, other])
    expect(outcomes).toEqual(['sent', 'sent', 'sent', 'sent', 'reason', 'reason', 'sent', 'sent'])
    expect(groups).toEqual(['reason ["delay","above"] 2+4'])
  })

  it('groups alerts without a key by their reason, and sends those with neither individually', () => {
    const keyless = alertsAt([0, 0, 0, 0, 0], () => ({ key: null }))
    expect(decided({ grouping }, keyless).outcomes.at(-1)).toBe('reason')
    const bare = alertsAt([0, 0, 0, 0, 0], () => ({ key: null, reason: null }))
    expect(decided({ grouping }, bare).outcomes).toEqual(Array(5).fill('sent'))
  })

  it('states count, span, severity and the least likely anomalies', () => {
    const decider = makeDecider({ suppressions: [], grouping }, [])
    const alerts = alertsAt([0, 1, 2, 3, 4, 5, 6, 7, 8], (place) => ({ severity: place === 4 ? 'high' : 'low' }))
    for (const alert of alerts) decider.decide(alert)
    const [bucket] = decider.closeDue(MONDAY + 10 * MINUTE)
    const event = groupEventSchema.parse(groupEvent(bucket!, 'flights'))
    expect(event).toMatchObject({
      id: 'flights/flights/0/2/group',
      subject: 'JFK',
      time: '2026-11-23T08:08:00.000Z',
      data: {
        by: 'key',
        key: 'JFK',
        reason: null,
        count: 7,
        sent: 2,
        severity: 'high',
        firstDetectedAt: '2026-11-23T08:02:00.000Z',
        lastDetectedAt: '2026-11-23T08:08:00.000Z',
        text: '7 anomalies of JFK, besides 2 sent earlier; the least likely: delay 90 is high',
      },
    })
    expect(event.data.examples.map(({ nll }) => nll)).toEqual([8, 7, 6, 5, 4])
    expect(event.data.examples[0]).toMatchObject({ id: 'flights/flights/0/8', surpriseBits: -Math.log2(0.001) })
  })

  it('states a shared reason in the event, and no key', () => {
    const decider = makeDecider({ suppressions: [], grouping }, [])
    for (const alert of alertsAt([0, 1, 2, 3, 4], (place) => ({ key: `K${place}` }))) decider.decide(alert)
    const event = groupEvent(decider.closeDue(MONDAY + 10 * MINUTE)[0]!, 'flights')
    expect(event).not.toHaveProperty('subject')
    expect(event.data).toMatchObject({
      by: 'reason',
      key: null,
      reason: { field: 'delay', direction: 'above' },
      count: 1,
    })
    expect(event.data.text).toBe(
      '1 anomaly whose delay is above the expected, besides 4 sent earlier; the least likely: delay 90 is high',
    )
  })
})

describe('a cool-down', () => {
  const cooldown = 10 * MINUTE

  it('hides alerts after a sent alert of the same key, but not of another key', () => {
    const alerts = alertsAt([0, 5, 6, 9.99, 10], (place) => (place === 2 ? { key: 'LAX' } : {}))
    expect(decided({ cooldown }, alerts)).toMatchObject({
      outcomes: ['sent', 'cooldown', 'sent', 'cooldown', 'sent'],
      groups: [],
    })
  })

  it('does not hide a more severe alert, which restarts it', () => {
    const severities = ['low', 'low', 'high', 'high', 'medium'] as const
    const alerts = alertsAt([0, 5, 6, 12, 15], (place) => ({ severity: severities[place]! }))
    expect(decided({ cooldown }, alerts).outcomes).toEqual(['sent', 'cooldown', 'sent', 'cooldown', 'cooldown'])
  })

  it('is not started by alerts without a key or in a group', () => {
    expect(
      decided(
        { cooldown },
        alertsAt([0, 1], () => ({ key: null })),
      ).outcomes,
    ).toEqual(['sent', 'sent'])
    const quietHours = { when: 'mon 08:00-09:00', zone: 'UTC', below: 'high' as const }
    expect(decided({ cooldown, quietHours }, alertsAt([0, 60, 61])).outcomes).toEqual(['quiet', 'sent', 'cooldown'])
  })
})

describe('quiet hours', () => {
  const quietHours = { when: 'mon 08:00-10:00', zone: 'UTC', below: 'high' as const }

  it('put less severe alerts into one group, sent when they end', () => {
    const alerts = alertsAt([0, 30, 60, 119, 120], (place) =>
      place === 2 ? { severity: 'high' } : { key: `K${place}` },
    )
    const { outcomes, groups } = decided({ quietHours }, alerts)
    expect(outcomes).toEqual(['quiet', 'quiet', 'sent', 'quiet', 'sent'])
    expect(groups).toEqual(['quiet  3+0'])
    expect(decided({ quietHours }, alerts.slice(0, 4), 119).groups).toEqual([])
    expect(decided({ quietHours }, alerts.slice(0, 4), 120).groups).toEqual(['quiet  3+0'])
  })

  it('delay a group that would close in them, and add alerts to it until they end', () => {
    const before = alertsAt([-5, -4, -3, -2])
    const control = { grouping, quietHours }
    expect(decided(control, before, 119).groups).toEqual([])
    expect(decided(control, before, 120).groups).toEqual(['key JFK 2+2'])
    const severe = [...before, ...alertsAt([30], () => ({ severity: 'high' }))]
    expect(decided(control, severe, 31)).toMatchObject({
      outcomes: ['sent', 'sent', 'key', 'key', 'key'],
      groups: ['key JFK 3+2'],
    })
  })
})

describe('a suppression', () => {
  const rule = {
    entity: 'JFK',
    field: null,
    direction: null,
    range: null,
    timeOfWeek: null,
    zone: 'UTC',
    expiresAt: new Date(MONDAY + 5 * MINUTE),
  }

  it('is checked first, the first match counts, and its alerts do not count towards grouping', () => {
    const suppressions = [
      { ...rule, id: '1', entity: 'LAX' },
      { ...rule, id: '2' },
      { ...rule, id: '3' },
    ]
    const decider = makeDecider({ suppressions, cooldown: MINUTE, grouping }, [])
    expect(decider.decide(anAlert()).unsent).toEqual({ because: 'rule', ruleId: '2', groupId: null })
    expect(decider.open()).toEqual([])
    expect(decider.decide(anAlert({ detectedAtMs: MONDAY + 5 * MINUTE })).unsent).toBeNull()
  })

  it('of any entity and one of the entity are compared by their order', () => {
    const [general, own] = [
      { ...rule, id: 'general', entity: null, field: 'delay' },
      { ...rule, id: 'own' },
    ]
    const hiding = (suppressions: Control['suppressions'], alert = anAlert()) =>
      makeDecider({ suppressions }, []).decide(alert).unsent?.ruleId
    expect(hiding([general, own])).toBe('general')
    expect(hiding([own, general])).toBe('own')
    expect(hiding([own, general], anAlert({ key: 'LAX' }))).toBe('general')
    expect(hiding([own, general], anAlert({ key: null }))).toBe('general')
  })

  it('of another entity is not checked (each alert was compared with each of thousands of rules)', () => {
    let checks = 0
    const others = Array.from({ length: 200 }, (_, id) => ({ ...rule, id: `${id}`, entity: `${id}` }))
    const suppressions = others.map((other) =>
      Object.defineProperty(other, 'expiresAt', { value: { getTime: () => ({ valueOf: () => ++checks }) } }),
    )
    makeDecider({ suppressions }, []).decide(anAlert())
    expect(checks).toBe(0)
  })
})

it('closes thousands of buckets with different times in one pass, in the order of their closing (it was a pass for each time)', () => {
  const passes = new Map<number, number>()
  const due = Array.from({ length: 2_000 }, (_, place): AlertBucket => {
    const own = openBucket({ kind: 'key', subject: `${place}`, closesAtMs: 0, allowance: 1 })
    const closesAtMs = MONDAY - place
    return Object.defineProperty(place % 2 === 0 ? own : addToGroup(own, anAlert()), 'closesAtMs', {
      enumerable: true,
      get: () => {
        passes.set(place, (passes.get(place) ?? 0) + 1)
        return closesAtMs
      },
    })
  })
  const closed = makeDecider({ suppressions: [], grouping }, due).closeDue(MONDAY)
  expect(closed.map(({ subject }) => Number(subject))).toEqual(Array.from({ length: 1_000 }, (_, at) => 1_999 - 2 * at))
  expect(Math.max(...passes.values())).toBeLessThan(10)
})

it('checks no other cool-down when one ends (each alert checked each, so a preview of many keys took minutes)', () => {
  let checks = 0
  const cooling = Array.from({ length: 200 }, (_, place): AlertBucket => {
    const own = openBucket({ kind: 'cooldown', subject: `${place}`, closesAtMs: 0 })
    return Object.defineProperty({ ...own, severity: 'low' as const }, 'closesAtMs', {
      get: () => {
        checks += 1
        return MONDAY + place
      },
    })
  })
  const decider = makeDecider({ suppressions: [], cooldown: MINUTE }, cooling)
  for (const place of cooling.keys()) {
    expect(decider.decide(anAlert({ key: `${place}`, detectedAtMs: MONDAY + place })).unsent).toBeNull()
  }
  expect(checks).toBeLessThan(1_000)
  decider.closeDue(MONDAY + 2 * MINUTE)
  expect(decider.open()).toEqual([])
})
