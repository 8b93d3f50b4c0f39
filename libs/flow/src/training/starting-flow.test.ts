import { describe, expect, it } from 'vitest'
import { mixtureBase, weightsOfMixture } from '../base/gaussian-mixture.js'
import type { FlowKind } from '../flows/flow-state.js'
import { flowSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { sampleFlow } from '../scoring/sample.js'
import { openScorer } from '../scoring/scorer.js'
import { openBackend } from '../tensor/backend.js'
import { FIT_DEFAULTS } from './fit-options.js'
import { someMixture } from './mixture/test-mixture.js'
import { train } from './train.js'

const backend = await openBackend('wasm')
const DIM = 3
const truth = mixtureBase(weightsOfMixture(someMixture(2, DIM, 4)), DIM)
const drawn = (purpose: string, count: number) =>
  Float32Array.from(truth.draw(seededRandom(1, purpose), count), (z) => 10 + 3 * z)
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

describe.each<FlowKind>(['realnvp', 'glow', 'spline'])('a flow of the kind %s with a mixture base', (kind) => {
  const [rows, fresh] = [drawn('rows', 1500), drawn('fresh', 3000)]
  const begin = async (components: number) => {
    const spec = { ...flowSpec(kind, DIM), layers: 2, hidden: [8], base: { kind: 'mixture', components } as const }
    const settings = { ...FIT_DEFAULTS, spec, noise: new Float32Array(DIM).fill(0.05), maxSteps: 0 }
    return train({ rows }, settings, backend)
  }

  it('starts from the mixture of the rows, with the number of components that held-out rows choose', async () => {
    const { flow, report } = await begin(16)
    expect(flow.spec.base).toEqual({ kind: 'mixture', components: 2 })
    expect(report).toMatchObject({ steps: 0, bestStep: 0, stopped: 'maxSteps' })
    const scorer = await openScorer(flow)
    const nll = await scorer.nll(fresh)
    await scorer.close()
    const best = truth.nll(Float64Array.from(fresh, (x) => (x - 10) / 3)).map((nats) => nats + DIM * Math.log(3))
    // 19 parameters were fitted to 1,350 rows.
    expect(mean(nll) - mean(best)).toBeLessThan(0.05)
  })

  it('scales a column with a heavy tail by its quartiles, and one without by its deviation', async () => {
    const random = seededRandom(3, 'tails')
    const tails = Float64Array.of(1, 10, 1_000)
    const heavy = Float32Array.from({ length: DIM * 2_000 }, (_, at) => {
      const normal = random.normal()
      return random.uniform() < 0.02 ? tails[at % DIM]! * normal : normal
    })
    const spec = { ...flowSpec(kind, DIM), layers: 2, hidden: [8], base: { kind: 'mixture', components: 1 } as const }
    const settings = { ...FIT_DEFAULTS, spec, noise: new Float32Array(DIM), maxSteps: 0 }
    const { flow } = await train({ rows: heavy }, settings, backend)
    const [one, ten, thousand] = flow.weights.get('layers.0.actnorm.logScale')!.data.map(Math.exp)
    expect(Math.abs(one! - 1)).toBeLessThan(0.1)
    expect(Math.abs(ten! - 1)).toBeLessThan(0.1)
    // Its deviation is 141; at least a twentieth of it remains.
    expect(thousand! * 141).toBeGreaterThan(15)
    expect(thousand! * 141).toBeLessThan(25)
  })

  it('has no more components than configured, and the variance of the rows', async () => {
    const { flow } = await begin(1)
    expect(flow.spec.base).toEqual({ kind: 'mixture', components: 1 })
    const sampled = await sampleFlow(flow, { count: 4000 })
    for (let column = 0; column < DIM; column++) {
      const own = (values: Float32Array) => values.filter((_, at) => at % DIM === column)
      const variance = (values: Float32Array) => mean(own(values).map((x) => x * x)) - mean(own(values)) ** 2
      expect(variance(sampled) / variance(rows)).toBeCloseTo(1, 0)
    }
  })
})
