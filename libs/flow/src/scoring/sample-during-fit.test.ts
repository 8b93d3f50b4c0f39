import { expect, it } from 'vitest'
import { unfittedFlow } from '../flows/flow-parts.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { fitPosterior } from '../posterior/posterior.js'
import { REGISTERED_AS } from '../tensor/backend.js'
import { core } from '../tensor/tfjs.js'
import { sampleFlow } from './sample.js'

// The backend of the process is not open yet. Where tfjs-node loads, it is that of the fit.
it('draws at the start and during a fit of a posterior, which keeps its backend (the fit continued on wasm, or failed)', async () => {
  const flow = unfittedFlow({ ...realNvpSpec(2), layers: 2, hidden: [8] }, 1)
  const draws = [sampleFlow(flow, { count: 5 })]
  const backends = new Set<string>()
  const { report } = await fitPosterior(
    async (theta, count) => {
      draws.push(sampleFlow(flow, { count: 5 }))
      await Promise.all(draws)
      backends.add(core().getBackend())
      return { logDensity: new Float64Array(count), gradient: theta.map((value) => -value) }
    },
    { spec: flow.spec, maxSteps: 3, batchSize: 8 },
  )
  expect(report.stopped).toBe('maxSteps')
  expect([...backends]).toEqual([REGISTERED_AS[report.backend]])
  const [first, ...others] = await Promise.all(draws)
  for (const rows of others) expect(rows).toEqual(first)
})
