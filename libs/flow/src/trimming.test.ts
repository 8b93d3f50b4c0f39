import { describe, expect, it } from 'vitest'
import { realNvpSpec } from './flow-state.js'
import { trimming } from './trimming.js'

const settings = {
  spec: realNvpSpec(2),
  seed: 1,
  noise: new Float32Array(2),
  trim: 0.01,
  trimSuspect: 0.1,
  maxSteps: 1000,
}

/** Rows left out of each step's batch of 256. */
const leftOut = (isSuspect: boolean) => {
  const trimmed = trimming(settings)
  return Array.from({ length: 1000 }, (_, step) => trimmed.rowsAt(step, 256, isSuspect))
}
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

describe('trimming', () => {
  it('leaves no row out in the first fifth of the steps', () => {
    expect(leftOut(true).slice(0, 200)).toEqual(new Array(200).fill(0))
  })

  it('leaves out the stated share in the long run', () => {
    expect(Math.abs(sum(leftOut(false)) / 800 - 2.56)).toBeLessThan(0.2)
  })

  it('leaves out the suspect share where anomalies would be learned with the rest', () => {
    expect(Math.abs(sum(leftOut(true)) / 800 - 25.6)).toBeLessThan(0.2)
  })
})
