import { describe, expect, it } from 'vitest'
import { realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { trimming } from './trimming.js'

const settings = {
  spec: realNvpSpec(2),
  seed: 1,
  noise: new Float32Array(2),
  trim: 0.01,
  trimHeavyTail: 0.1,
  maxSteps: 1000,
}

/** NLLs of 256 rows of a normal density, `anomalies` of them far out. */
const batchOf = (anomalies: number, seed: number) => {
  const random = seededRandom(seed, 'batch')
  return Float32Array.from({ length: 256 }, (_, row) => random.normal() + (row < anomalies ? 20 : 0))
}

/** Rows left out of each step's batch of 256, `anomalies` of which are anomalies. */
const leftOut = (anomalies: number, spec = settings.spec) => {
  const trimmed = trimming({ ...settings, spec })
  return Array.from({ length: 1000 }, (_, step) => {
    trimmed.observe(step, batchOf(anomalies, step))
    return trimmed.rowsAt(step, 256)
  })
}
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

describe('trimming', () => {
  it('leaves no row out in the first fifth of the steps', () => {
    expect(leftOut(0).slice(0, 200)).toEqual(new Array(200).fill(0))
  })

  it('leaves out the share `trim` on average where tails are light', () => {
    const rows = sum(leftOut(0)) / 800
    expect(Math.abs(rows - 2.56)).toBeLessThan(0.2)
  })

  it('leaves out the share `trimHeavyTail` where the tail is heavy', () => {
    expect(Math.abs(sum(leftOut(15)) / 800 - 25.6)).toBeLessThan(0.2)
  })

  it('leaves out the share `trim` from the first step where the flow starts from a fitted mixture', () => {
    const rows = sum(leftOut(15, { ...settings.spec, base: { kind: 'mixture', components: 2 } })) / 1000
    expect(Math.abs(rows - 2.56)).toBeLessThan(0.2)
  })
})
