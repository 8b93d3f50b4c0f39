import { expect, it } from 'vitest'
import { makeMetrics } from './metrics.js'

it('names its instruments by the conventions: counters, and they alone, end in _total', async () => {
  const metrics = makeMetrics({ pipeline: 'flights' })
  metrics.counter('outflow_records_total', 'Records')
  metrics.gauge('outflow_training_rows', 'Records')
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  expect(types.length).toBeGreaterThan(20)
  const odd = types.filter(([, name, type]) => name!.endsWith('_total') !== (type === 'counter'))
  expect(odd.map(([, name]) => name)).toEqual([])
})
