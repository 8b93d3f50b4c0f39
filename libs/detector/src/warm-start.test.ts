import { featureSchema, MODEL_SCHEMA_VERSION } from '@outflow/contracts'
import { fitEncoder } from '@outflow/encoding'
import { type Fit, type FitOptions, fitFlow, realNvpSpec } from '@outflow/flow'
import { beforeAll, expect, it } from 'vitest'
import { encodeModel } from './artefact.js'
import { calibrationSteps } from './conformal.js'
import { fitFromBoth, type WarmStart } from './warm-start.js'

const features = [
  featureSchema.parse({ path: '$.a', type: 'numeric' }),
  featureSchema.parse({ path: '$.b', type: 'numeric' }),
]
const spec = { ...realNvpSpec(2), layers: 2, hidden: [8] }
const records = Array.from({ length: 40 }, (_, at) => ({ numbers: [Math.sin(at), Math.cos(1.7 * at)], categories: [] }))

let artefact: Uint8Array
beforeAll(async () => {
  const { encoder, rows } = fitEncoder(features, records, { contamination: 0, seed: 1 })
  const { flow } = await fitFlow({ rows }, { spec, maxSteps: 1, backend: 'wasm' })
  const nlls = Float64Array.from(records.keys())
  const training = {
    backend: 'wasm',
    backendVersion: '',
    stopped: 'maxSteps',
    steps: 1,
    bestStep: 1,
    rows: 40,
  } as const
  artefact = encodeModel(
    { encoder, flow, calibration: { ...calibrationSteps(nlls), tail: null } },
    {
      ...{
        schemaVersion: MODEL_SCHEMA_VERSION,
        createdAt: '2026-01-01T00:00:00.000Z',
        outflowVersion: '0.1.0',
        features,
      },
      ...{
        model: { kind: 'realnvp', layers: 2, hidden: [8] },
        seed: 1,
        contamination: 0,
        alertRate: 0.01,
        window: null,
      },
      ...{ recordsPerDay: null, dim: 2, contextDim: 0 },
      training: { ...training, trainNll: 1, validationNll: 1, durationMs: 1 },
      calibration: { rows: 40, smallestPValue: 1 / 41, medianNll: 20, tail: null, misfit: null },
    },
  ).artefact
}, 60_000)

/** Fits that come to these NLLs, and what the warm one was asked for. */
interface FakeFit extends Partial<WarmStart> {
  readonly warm?: number
  readonly cold?: number
  readonly to?: typeof spec
}

async function between({ warm = 1, cold = 1, to = spec, ...start }: FakeFit) {
  const asked: FitOptions[] = []
  const played = (bestNll: number) => ({ report: { bestNll } }) as Fit
  const result = await fitFromBoth(
    { rows: new Float32Array(to.dim) },
    { spec: to, maxSteps: 2000 },
    { artefact, hasTime: true, ...start },
    async (_, options) => {
      asked.push(options)
      return played(options.start === undefined ? cold : warm)
    },
  )
  return { ...result, asked }
}

it('keeps the likelier of the fit that goes on from the model and that from nothing', async () => {
  const { start, asked } = await between({ warm: 1, cold: 2 })
  expect(start).toEqual({ kept: 'warm', warmNll: 1, coldNll: 2, why: null })
  expect(asked).toMatchObject([{ maxSteps: 2000 }, { maxSteps: 600, start: { spec } }])
  expect((await between({ warm: 2, cold: 1 })).start?.kept).toBe('cold')
})

it('keeps that from nothing where the two are as good: the same records then give the same model again', async () => {
  expect((await between({ warm: 1, cold: 1.01 })).start?.kept).toBe('cold')
})

it('fits once where there is no time for both', async () => {
  const { start, asked } = await between({ warm: 2, cold: 1, hasTime: false })
  expect(start).toEqual({ kept: 'warm', warmNll: 2, coldNll: null, why: null })
  expect(asked).toHaveLength(1)
})

it('goes on from no model of another shape, nor from one that cannot be opened', async () => {
  const { start, asked } = await between({ to: { ...spec, layers: 3 }, hasTime: false })
  expect(start).toEqual({ kept: 'cold', warmNll: null, coldNll: 1, why: 'its flow has another shape' })
  expect(asked).toMatchObject([{ spec: { layers: 3 } }])
  expect((await between({ artefact: artefact.slice(0, 100) })).start?.why).toBe('it cannot be opened')
})
