import type { Feature, Recalibration } from '@outflow/contracts'
import { beforeAll, describe, expect, it } from 'vitest'
import { readerOf, seededDraws } from '../test-draws.js'
import { fitSmall, openInTest } from '../test-training.js'
import { modelThreshold } from './model-threshold.js'
import { recalibrate } from './recalibration.js'

const features: readonly Feature[] = [{ path: '$.x', type: 'numeric', optional: false }]
const recalibration: Recalibration = { at: [-2, 0, 2, 4], shift: [0, -0.5, 0.2, 1] }

describe('the threshold of a model', () => {
  let provisional: Uint8Array

  beforeAll(async () => {
    const { normal } = seededDraws(1)
    const records = Array.from({ length: 200 }, () => readerOf(features)({ x: normal() }))
    provisional = (await fitSmall(features, records, { provisional: true })).artefact
  }, 60_000)

  it('is null for a provisional model that finds no anomaly at the rate (it was a number)', () => {
    expect(modelThreshold(provisional, 0.001)).toBeNull()
  })

  it.each([null, recalibration])('separates anomalies from normal records by the recalibration %j', async (by) => {
    const detector = await openInTest(provisional)
    const threshold = modelThreshold(provisional, 0.02, by)!
    const [below, above] = recalibrate(by, detector.pValues(Float64Array.of(threshold - 1e-6, threshold + 1e-6)))
    expect(below).toBeGreaterThan(0.02)
    expect(above).toBeLessThanOrEqual(0.02)
  })
})
