import { expect, it } from 'vitest'
import { makeMetrics } from './metrics.js'

it('has the suffix _total on counters, and only on counters', async () => {
  const metrics = makeMetrics({ pipeline: 'flights' })
  metrics.counter('outflow_records_total', 'Records')
  metrics.gauge('outflow_training_rows', 'Records')
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  expect(types.length).toBeGreaterThan(20)
  const odd = types.filter(([, name, type]) => name!.endsWith('_total') !== (type === 'counter'))
  expect(odd.map(([, name]) => name)).toEqual([])
})
