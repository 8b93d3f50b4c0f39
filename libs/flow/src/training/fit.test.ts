import { describe, expect, it } from 'vitest'
import { FitCancelled, NotFiniteError, ShapeError } from '../errors.js'
import { realNvpSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { fitFlow, fitFlows } from './fit.js'
import type { FitOptions, FitProgress } from './fit-options.js'

const random = seededRandom(1, 'fit test')
const rows = Float32Array.from({ length: 400 }, () => random.normal())
const data = { rows }
const options: FitOptions = {
  spec: { ...realNvpSpec(2), layers: 2, hidden: [8] },
  seed: 1,
  noise: Float32Array.of(0.05, 0.05),
  maxSteps: 100,
  backend: 'wasm',
}

describe('fitFlow', { timeout: 60_000 }, () => {
  it('fits in a separate process and reports progress', async () => {
    const progress: FitProgress[] = []
    const { flow, report } = await fitFlow(data, { ...options, onProgress: (each) => progress.push(each) })
    expect(flow.spec).toEqual(options.spec)
    expect(report).toMatchObject({ backend: 'wasm', steps: 100 })
    expect(progress.map(({ step, maxSteps, epoch }) => [step, maxSteps, epoch])).toEqual([
      [50, 100, 50],
      [100, 100, 100],
    ])
    expect(progress[0]!.leftMs).toBeCloseTo(progress[0]!.elapsedMs)
    expect(progress[1]!.leftMs).toBe(0)
  })

  it('fits several tables in one process, each as in its own', async () => {
    const shorter = { rows: { rows: rows.slice(0, 200) }, options: { ...options, maxSteps: 0 } }
    const [first, second] = await fitFlows([{ rows: data, options }, shorter], {})
    expect(first!.flow).toEqual((await fitFlow(data, options)).flow)
    expect(second!.flow).toEqual((await fitFlow(shorter.rows, shorter.options)).flow)
  })

  it('is cancelled by its signal, with the reason as cause', async () => {
    const cancel = new AbortController()
    const reason = new Error('shutting down')
    const onProgress = () => cancel.abort(reason)
    const fit = fitFlow(data, { ...options, maxSteps: 100_000, patience: 100_000, signal: cancel.signal, onProgress })
    await expect(fit).rejects.toThrow(FitCancelled)
    await expect(fit).rejects.toMatchObject({ cause: reason })
  })

  it('does not begin when it is already cancelled', async () => {
    await expect(fitFlow(data, { ...options, signal: AbortSignal.abort() })).rejects.toThrow(FitCancelled)
  })
})

it('throws for rows, contexts, noise and shares that do not fit together', async () => {
  const refused = [
    fitFlow({ ...data, rows: rows.slice(0, 399) }, options),
    fitFlow({ ...data, rows: rows.slice(0, 20) }, options),
    fitFlow({ ...data, context: new Float32Array(3) }, options),
    fitFlow({ ...data, observed: new Uint8Array(3) }, options),
    fitFlow(data, { ...options, noise: Float32Array.of(0.1) }),
    fitFlow(data, { ...options, trim: 0.5 }),
    fitFlow(data, { ...options, trim: -0.1 }),
    fitFlow(data, { ...options, batchSize: 0 }),
    fitFlow(data, { ...options, spec: { ...options.spec, layers: 0 } }),
    fitFlow(data, { ...options, spec: { ...options.spec, hidden: undefined as never } }),
  ]
  for (const fit of refused) await expect(fit).rejects.toThrow(ShapeError)
})

it('names the row with a number that is not finite', async () => {
  const holed = rows.slice()
  holed[7] = Number.NaN
  await expect(fitFlow({ ...data, rows: holed }, options)).rejects.toThrow(NotFiniteError)
  await expect(fitFlow({ ...data, rows: holed }, options)).rejects.toThrow(/row 3/)
})
