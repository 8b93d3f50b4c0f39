import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { observeAll } from './observe-all.js'

test.each(['15.1.3', '16.0.0'])(
  'with prom-client %s many values at once are counted as one by one',
  async (version) => {
    const values = [-3, -1, -0.5, 0, 0.25, 1, 1.5, 2, 1e7]
    const textOf = async (observe: (histogram: Histogram) => void) => {
      const registry = new Registry()
      observe(new Histogram({ name: 'nats', help: 'h', buckets: [-2, 0, 1, 2], registers: [registry] }))
      return registry.metrics()
    }
    const oneByOne = await textOf((histogram) => {
      for (const value of values) histogram.observe(value)
    })
    const atOnce = await textOf((histogram) => {
      observeAll(histogram, Float64Array.from(values.slice(0, 4)), version)
      observeAll(histogram, new Float64Array(0), version)
      observeAll(histogram, Float64Array.from(values.slice(4)), version)
    })
    expect(atOnce).toBe(oneByOne)
  },
)
