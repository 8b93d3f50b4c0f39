import { afterEach, expect, it, vi } from 'vitest'
import { makeMetrics } from './metrics.js'

afterEach(() => void vi.useRealTimers())

it('has the suffix _total on counters, and only on counters', async () => {
  const metrics = makeMetrics({ pipeline: 'flights' })
  metrics.counter('outflow_records_total', 'Records')
  metrics.gauge('outflow_outbox_rows', 'Records')
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)]
  expect(types.length).toBeGreaterThan(20)
  const odd = types.filter(([, name, type]) => name!.endsWith('_total') !== (type === 'counter'))
  expect(odd.map(([, name]) => name)).toEqual([])
})

it('is scraped in two seconds while Postgres does not answer (it took 35 s, longer than the timeout of a scrape)', async () => {
  vi.useFakeTimers()
  const metrics = makeMetrics()
  metrics.gaugeOf('outflow_outbox_rows', 'Messages', () => new Promise(() => {}))
  const scraped = metrics.text()
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await scraped).toMatch(/^outflow_outbox_rows nan$/im)
})
