import { expect, it } from 'vitest'
import { unfittedFlow } from '../../flows/flow-parts.js'
import { realNvpSpec } from '../../flows/flow-state.js'
import { seededRandom } from '../../random.js'
import { onEachBackend } from '../../tensor/on-each-backend.js'
import { plainOf } from '../../tensor/plain.js'
import { tidy } from '../../tensor/tfjs.js'
import { trainableFlow } from '../../training/trainable-flow.js'
import { dropout } from './dropout.js'

await onEachBackend('dropout', () => {
  it('leaves out its share of the units, and keeps their sum in the mean', () => {
    tidy(() => {
      const { values } = plainOf(dropout(0.25, seededRandom(1, 'test'))([1000, 64]))
      const dropped = values.filter((value) => value === 0).length / values.length
      expect(Math.abs(dropped - 0.25)).toBeLessThan(0.01)
      expect(new Set(values)).toEqual(new Set([0, Math.fround(4 / 3)]))
    })
  })

  it('draws other units each time, and the same again by the same seed', () => {
    tidy(() => {
      const masks = () => {
        const draw = dropout(0.5, seededRandom(2, 'test'))
        return [plainOf(draw([8, 8])).values, plainOf(draw([8, 8])).values]
      }
      const [first, second] = masks()
      expect(second).not.toEqual(first)
      expect(masks()).toEqual([first, second])
    })
  })

  it('has the gradient of what is left of the flow', () => {
    const [dim, count] = [3, 40]
    const flow = trainableFlow(unfittedFlow({ ...realNvpSpec(dim), layers: 2, hidden: [6, 6] }, 1))
    const random = seededRandom(3, 'test')
    const normals = (length: number) => Float32Array.from({ length }, () => random.normal())
    flow.parameters.set(normals(flow.parameters.length).map((weight) => 0.3 * weight))
    const batch = { rows: normals(count * dim), context: new Float32Array(0), count }
    // The same units each time, so that a step of the weights is all that is new.
    const pulled = () =>
      flow.lossAndGradient(batch, (nll) => nll.map(() => 1 / count), dropout(0.3, seededRandom(4, 'test')))
    const { loss, gradient } = pulled()
    const here = flow.parameters.slice()
    const direction = normals(here.length)
    const lossAt = (step: number) => {
      flow.parameters.set(here.map((weight, at) => weight + step * direction[at]!))
      return pulled().loss
    }
    const numeric = (lossAt(3e-4) - lossAt(-3e-4)) / 6e-4
    const analytic = gradient.reduce((total, slope, at) => total + slope * direction[at]!, 0)
    expect(Math.abs(analytic - numeric) / Math.max(1, Math.abs(numeric))).toBeLessThan(5e-3)
    flow.parameters.set(here)
    const whole = flow.nll(batch).reduce((total, nll) => total + nll, 0) / count
    expect(Math.abs(loss - whole)).toBeGreaterThan(1e-3)
  })
})
