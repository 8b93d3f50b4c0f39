import { describe, expect, it } from 'vitest'
import { realNvpSpec } from '../flows/flow-state.js'
import { FIT_DEFAULTS } from './fit-options.js'
import { sharesWithoutWorst, trimming } from './trimming.js'

const settings = { ...FIT_DEFAULTS, spec: realNvpSpec(2), noise: new Float32Array(2), trim: 0.01, maxSteps: 1000 }

/** Rows left out of each step's batch of 256. */
const leftOut = (spec = settings.spec) => {
  const trimmedAt = trimming({ ...settings, spec })
  return Array.from({ length: 1000 }, (_, step) => trimmedAt(step, 256))
}
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

describe('trimming', () => {
  it('leaves no row out in the first fifth of the steps', () => {
    expect(leftOut().slice(0, 200)).toEqual(new Array(200).fill(0))
  })

  it('leaves out the share `trim` on average, although it is not a whole number of rows', () => {
    expect(Math.abs(sum(leftOut()) / 800 - 2.56)).toBeLessThan(0.2)
  })

  it('leaves out the share `trim` from the first step if the flow starts from a fitted mixture', () => {
    const rows = sum(leftOut({ ...settings.spec, base: { kind: 'mixture', components: 2 } })) / 1000
    expect(Math.abs(rows - 2.56)).toBeLessThan(0.2)
  })

  it('divides the mean among the other rows', () => {
    expect([...sharesWithoutWorst(Float32Array.of(1, 9, 2), 1)]).toEqual([0.5, 0, 0.5])
    expect([...sharesWithoutWorst(Float32Array.of(1), 1)]).toEqual([0])
  })
})
