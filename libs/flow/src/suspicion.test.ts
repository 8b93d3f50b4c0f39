import { describe, expect, it } from 'vitest'
import { seededRandom } from './random.js'
import { suspicion } from './suspicion.js'

const MANY = 10_000
const STEPS = 1000

/** NLLs of 256 rows of a normal density, `anomalies` of them far out. */
const batchOf = (anomalies: number, seed: number) => {
  const random = seededRandom(seed, 'batch')
  return Float32Array.from({ length: 256 }, (_, row) => random.normal() + (row < anomalies ? 20 : 0))
}

/** Whether anomalies are suspected at each step of a fit that sees so many of them in each batch. */
const suspected = (trainingRows: number, anomalies: number) => {
  const watch = suspicion(trainingRows, STEPS)
  return Array.from({ length: STEPS }, (_, step) => {
    const isSuspect = watch.isAt(step)
    watch.see(step, batchOf(anomalies, step))
    return isSuspect
  })
}

describe('suspicion', () => {
  it('is not there where tails are light', () => {
    expect(suspected(MANY, 0)).toEqual(new Array(STEPS).fill(false))
  })

  it('is there from a fifth of the steps on where the tail is heavy', () => {
    const isSuspect = (_: unknown, step: number) => step >= 200
    expect(suspected(MANY, 15)).toEqual(Array.from({ length: STEPS }, isSuspect))
  })

  it('is there from the first step on where rows are few, whatever their tail', () => {
    expect(suspected(1000, 0)).toEqual(new Array(STEPS).fill(true))
  })
})
