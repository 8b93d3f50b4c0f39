/**
 * How fast flows are here, kind by kind: a fit step on each backend that loads, and scoring in ONNX Runtime.
 *
 * `npm run bench:flow`; give the machine nothing else to do meanwhile.
 */
import { type BackendName, type FlowState, fitFlow, flowSpec, openBackend, openScorer } from '@outflow/flow'

const ROWS = 20_000
const SHAPES = [
  { kind: 'realnvp', dim: 3, contextDim: 21 },
  { kind: 'realnvp', dim: 16, contextDim: 0 },
  { kind: 'glow', dim: 16, contextDim: 0 },
  { kind: 'spline', dim: 16, contextDim: 0 },
] as const

for (const { kind, dim, contextDim } of SHAPES) {
  const rows = waves(ROWS * dim)
  const context = waves(ROWS * contextDim)
  const noise = new Float32Array(dim).fill(0.05)
  const spec = flowSpec(kind, dim, contextDim)
  let fitted: FlowState | undefined
  for (const backend of await backends()) {
    const durationMs = async (maxSteps: number) => {
      const fit = await fitFlow({ rows, context }, { spec, seed: 1, noise, backend, maxSteps, patience: maxSteps })
      fitted = fit.flow
      return fit.report.durationMs
    }
    // The difference of two fits leaves out what a fit costs once: compiling, and warming up.
    const stepMs = ((await durationMs(400)) - (await durationMs(200))) / 200
    console.log(
      `${kind}, ${dim} columns, ${contextDim} of context: a fit step on ${backend} takes ${stepMs.toFixed(1)} ms`,
    )
  }
  const scorer = await openScorer(fitted!)
  for (const batch of [1, 512]) {
    const given = [rows.subarray(0, batch * dim), context.subarray(0, batch * contextDim), batch] as const
    const calls = batch === 1 ? 2_000 : 200
    for (let call = 0; call < calls / 10; call++) await scorer.nll(...given)
    const started = performance.now()
    for (let call = 0; call < calls; call++) await scorer.nll(...given)
    const perCallUs = ((performance.now() - started) / calls) * 1_000
    const rate = Math.round((batch / perCallUs) * 1e6).toLocaleString('en')
    console.log(`  ${scorer.engine}, batch ${batch}: ${perCallUs.toFixed(0)} us a call, ${rate} rows/s`)
  }
  await scorer.close()
}

async function backends(): Promise<readonly BackendName[]> {
  const { name, insteadOf } = await openBackend()
  if (insteadOf !== undefined) console.log(`tfjs-node is left out: ${insteadOf}`)
  return name === 'wasm' ? ['wasm'] : ['wasm', 'tfjs-node']
}

/** Smooth numbers of no length of period, about standardised. */
function waves(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(at * 12.9898) + 0.6 * Math.sin(at * 78.233))
}
