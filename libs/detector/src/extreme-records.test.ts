import type { Feature } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { decide } from './decision/decide.js'
import { beginFdr } from './decision/online-fdr.js'
import { unreachable } from './decision/unreachable.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall, openInTest } from './test-training.js'

const ALERT_RATE = 0.005
const features: Feature[] = ['$.x', '$.y'].map((path) => ({ path, type: 'numeric', optional: false }))
const read = readerOf(features)
const { normal } = seededDraws(17)
const fieldsOf = (x: number, y: number) => read({ x, y })

it('issue 17.6: with 0.9 % extreme training records, an extreme record has severity high, and is a discovery late in a stream', async () => {
  const records = Array.from({ length: 4_000 }, (_, row) =>
    fieldsOf(row % 111 === 0 ? 1e6 * normal() : normal(), normal()),
  )
  const training = { contamination: 0.01, seed: 1 }
  const { artefact } = await fitSmall(features, records, { training, alertRate: ALERT_RATE })
  const detector = await openInTest(artefact)
  const ordinary = Array.from({ length: 2_000 }, () => fieldsOf(normal(), normal()))
  const { pValue } = await detector.score([fieldsOf(1e6, 0), ...ordinary])
  const extreme = pValue.subarray(0, 1)
  expect(decide(extreme, { alertRate: ALERT_RATE }).anomalies).toEqual([{ index: 0, severity: 'high' }])
  expect(decide(extreme, { fdr: 0.1 }, { ...beginFdr(0.1), tested: 10_000 }).isAnomaly).toEqual(Uint8Array.of(1))
  expect(unreachable(detector.metadata, { alertRate: ALERT_RATE, fdr: 0.1 })).toBeNull()
  // Extreme records still count at the junction, so that the share of anomalies among normal ones is at most the rate.
  expect(decide(pValue.subarray(1), { alertRate: ALERT_RATE }).anomalies.length / ordinary.length).toBeLessThan(
    1.5 * ALERT_RATE,
  )
})
