import { LATEST_MS } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { filterOf } from './anomaly-filter.js'

it.each([
  [LATEST_MS, '<='],
  [LATEST_MS - 1, '<'],
])('a span up to %d selects record_time %s (no end selected an anomaly at the latest time)', (toMs, operator) => {
  expect(filterOf({ pipeline: 'flights', to: new Date(toMs) }, () => '$1')).toContain(`record_time ${operator} $1`)
})
