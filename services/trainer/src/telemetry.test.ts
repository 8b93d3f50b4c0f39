import { type Log, makeMetrics } from '@outflow/runtime'
import { expect, test } from 'vitest'
import { makeTelemetry } from './telemetry.js'

test('every outcome of a fit and every chart of drift is told as 0 before it happens, so that its first shows as an increase', async () => {
  const metrics = makeMetrics()
  makeTelemetry({} as Log, metrics, { alertRate: 0.001 })
  const text = await metrics.text()
  for (const outcome of ['promoted', 'rejected', 'known', 'failed'])
    expect(text).toContain(`outflow_fits_total{outcome="${outcome}"} 0`)
  for (const chart of ['stranger', 'too_normal', 'more_spread', 'less_spread'])
    expect(text).toContain(`outflow_drift_alarms_total{chart="${chart}"} 0`)
})
