import type { Config } from '@outflow/contracts'
import { configWith } from '../support/config-with.js'
import { SOURCE } from './feed.js'
import type { Plan } from './plan.js'

export const PIPELINE = 'flights'
/** The configuration that all services of a world share. */
export function configOf(plan: Plan): Config {
  const {
    detection,
    leastRows,
    alertsOfProvisional,
    hasWindows,
    hasGrouping,
    hasCooldown,
    hasQuietHours,
    tombstones,
    shadowMs,
  } = plan
  return configWith({
    pipeline: PIPELINE,
    source: { topics: [SOURCE], format: 'json', from: 'earliest', tombstones },
    features: [
      { path: '$.delay', type: 'numeric' },
      ...(hasWindows ? [{ type: 'window', name: 'count', aggregate: 'count', over: '1d' }] : []),
    ],
    detection,
    training: {
      ...{ minRows: leastRows, maxRows: leastRows + 150, contamination: 0.1 },
      ...{ every: '1m', shadow: `${shadowMs / 1_000}s` },
    },
    alerts: {
      topic: 'flights.alerts',
      provisional: alertsOfProvisional,
      ...(hasGrouping && { grouping: { bucket: '5s', perKey: 1 } }),
      ...(hasCooldown && { cooldown: '10s' }),
      ...(hasQuietHours && { quietHours: { when: 'mon 08:00-09:02' } }),
    },
  })
}
