import type { Alert, AlertBucket, UnsentCause } from '@outflow/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketsOf, type Control, makeDecider } from './decider.js'
import { groupEvent } from './events/group-event.js'
import { anAlert, aReason, MONDAY } from './test-builders.js'

const MINUTE = 60_000
const nobody = { entity: null, field: null, direction: null, range: null, timeOfWeek: null, zone: 'UTC' }

const orUndefined = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const controls: fc.Arbitrary<Control> = fc
  .record({
    suppressed: fc.boolean(),
    cooldown: orUndefined(fc.integer({ min: 0, max: 30 * MINUTE })),
    grouping: orUndefined(
      fc.record({
        bucket: fc.integer({ min: 1, max: 30 * MINUTE }),
        perKey: fc.integer({ min: 1, max: 3 }),
        perReason: fc.integer({ min: 1, max: 5 }),
      }),
    ),
    quietHours: orUndefined(
      fc.record({
        when: fc.constantFrom('mon 08:20-08:50', '08:00-08:10; mon 08:40-23:00', 'tue'),
        zone: fc.constant('UTC'),
        below: fc.constantFrom('medium', 'high'),
      }),
    ),
  })
  .map(({ suppressed, ...control }) => ({
    ...control,
    suppressions: suppressed ? [{ ...nobody, id: '1', entity: 'A', expiresAt: new Date(MONDAY + 20 * MINUTE) }] : [],
  }))

const streams: fc.Arbitrary<Alert[]> = fc
  .array(
    fc.record({
      key: fc.constantFrom('A', 'B', 'C', null),
      severity: fc.constantFrom('low', 'medium', 'high'),
      reason: fc.constantFrom(aReason(), aReason({ observed: -90 }), aReason({ field: 'load' }), null),
      nll: fc.integer({ min: 0, max: 9 }),
      afterMs: fc.integer({ min: 0, max: 5 * MINUTE }),
    }),
    { maxLength: 80 },
  )
  .map((steps) => {
    let detectedAtMs = MONDAY
    return steps.map(({ afterMs, ...own }, offset) => {
      detectedAtMs += afterMs
      return anAlert({ ...own, id: `flights/flights/0/${offset}`, detectedAtMs, eventTimeMs: detectedAtMs })
    })
  })

/** The outcomes and groups of a stream that is decided without interruption. */
function decideAll(
  control: Control,
  alerts: readonly Alert[],
): { outcomes: (UnsentCause | null)[]; groups: readonly AlertBucket[] } {
  const decider = makeDecider(control, [])
  const decided = alerts.map((alert) => decider.decide(alert))
  const groups = [...decided.flatMap(({ closed }) => closed), ...decider.closeDue(Number.MAX_SAFE_INTEGER)]
  expect(decider.open()).toEqual([])
  return { outcomes: decided.map(({ unsent }) => unsent), groups }
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

describe('for any stream and settings', () => {
  it('each alert is sent, hidden or in exactly one group', () => {
    fc.assert(
      fc.property(controls, streams, (control, alerts) => {
        const { outcomes, groups } = decideAll(control, alerts)
        const grouped = outcomes.flatMap((unsent) => unsent?.groupId ?? [])
        expect(sumOf(groups.map(({ count }) => count))).toBe(grouped.length)
        const events = groups.map((bucket) => groupEvent(bucket, 'flights'))
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
        for (const { id, data } of events) expect(grouped.filter((own) => own === id)).toHaveLength(data.count)
      }),
    )
  })

  it('outcomes do not depend on batch boundaries, on the time at which due buckets are closed, or on reloading the state', () => {
    fc.assert(
      fc.property(controls, streams, fc.infiniteStream(fc.nat(3)), (control, alerts, choices) => {
        const whole = decideAll(control, alerts)
        let stored: AlertBucket[] = []
        const outcomes: (UnsentCause | null)[] = []
        const groups: AlertBucket[] = []
        for (let from = 0; from < alerts.length; ) {
          const batch = alerts.slice(from, from + choices.next().value!)
          from += batch.length
          const nowMs = batch.at(-1)?.detectedAtMs ?? alerts[from]!.detectedAtMs
          // Like the relay, loads only the due buckets and those that the batch may change, from JSON.
          const isLoaded = (bucket: AlertBucket) => bucket.closesAtMs <= nowMs || mayChange(bucket, batch)
          const decider = makeDecider(control, JSON.parse(JSON.stringify(stored.filter(isLoaded))))
          for (const alert of batch) {
            const { unsent, closed } = decider.decide(alert)
            outcomes.push(unsent)
            groups.push(...closed)
          }
          groups.push(...decider.closeDue(nowMs))
          stored = [...stored.filter((bucket) => !isLoaded(bucket)), ...decider.open()]
        }
        groups.push(...makeDecider(control, stored).closeDue(Number.MAX_SAFE_INTEGER))
        expect(outcomes).toEqual(whole.outcomes)
        expect(groups).toEqual(whole.groups)
      }),
    )
  })

  it('a severe alert of a key without a recent alert is never hidden by a cool-down nor delayed by quiet hours', () => {
    fc.assert(
      fc.property(controls, streams, (control, alerts) => {
        const { outcomes } = decideAll({ ...control, suppressions: [], grouping: undefined }, alerts)
        const reported = new Map<string | null, number>()
        alerts.forEach(({ key, severity, detectedAtMs }, place) => {
          if (severity === 'high' && !reported.has(key)) expect(outcomes[place]).toBeNull()
          if (severity === 'high') reported.set(key, detectedAtMs)
        })
      }),
    )
  })
})

function mayChange(bucket: AlertBucket, batch: readonly Alert[]): boolean {
  return batch.some((alert) =>
    bucketsOf(alert).some(({ kind, subject }) => kind === bucket.kind && subject === bucket.subject),
  )
}
