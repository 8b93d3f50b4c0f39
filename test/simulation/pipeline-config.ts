import type { Config } from '@outflow/contracts'
import { configWith } from '../support/config-with.js'
import { SOURCE } from './feed.js'
import type { Plan } from './plan.js'

export const PIPELINE = 'flights'
/** The configuration that all services of a world share. */
export function configOf(plan: Plan): Config {
  return configWith({
    pipeline: PIPELINE,
    source: { topics: [SOURCE], format: 'json', from: 'earliest', tombstones: plan.tombstones },
    features: [
      { path: '$.delay', type: 'numeric' },
      ...(plan.hasWindows ? [{ type: 'window', name: 'count', aggregate: 'count', over: '1d' }] : []),
    ],
    detection: plan.detection,
    training: {
      ...{ minRows: plan.leastRows, maxRows: plan.leastRows + 150, contamination: 0.1 },
      ...{ every: '1m', shadow: `${plan.shadowMs / 1_000}s` },
    },
    alerts: {
      topic: 'flights.alerts',
      provisional: plan.alertsOfProvisional,
      ...(plan.hasGrouping && { grouping: { bucket: '5s', perKey: 1 } }),
      ...(plan.hasCooldown && { cooldown: '10s' }),
      ...(plan.hasQuietHours && { quietHours: { when: 'mon 08:00-09:02' } }),
    },
  })
}
