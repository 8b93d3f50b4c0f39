/** One engine of the scoring and fitting benches, in a child process: lines of JSON in, lines of JSON out, like flow_torch.py. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type BackendName, decodeSafetensors, openBackend, openScorer, type Scorer } from '@outflow/flow'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { nllOf } from '../../libs/flow/src/base/base-distribution.js'
import { baseOf } from '../../libs/flow/src/base/bases.js'
import { chain } from '../../libs/flow/src/bijectors/chain.js'
import { bijectorsOf, learnedShapes } from '../../libs/flow/src/flows/flow-parts.js'
import { tensorOf } from '../../libs/flow/src/tensor/plain.js'
import { tidyNumbers } from '../../libs/flow/src/tensor/tfjs.js'
import { FIT_DEFAULTS } from '../../libs/flow/src/training/fit-options.js'
import { train } from '../../libs/flow/src/training/train.js'

const [name, modelFile, rowsFile] = process.argv.slice(2) as ['onnx' | BackendName, string, string]
const WARM_UP_STEPS = 50
const flow = decodeSafetensors(readFileSync(modelFile))
const { dim } = flow.spec
const bytes = readFileSync(rowsFile)
const rows = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const scorer = name === 'onnx' ? await openScorer(flow) : await openTensorScorer(name)
answer({ engine: scorer.engine })

for await (const line of createInterface({ input: process.stdin })) {
  const request: Request = JSON.parse(line)
  answer(request.do === 'score' ? await score(request) : await takeSteps(request))
}
await scorer.close()

interface Score {
  readonly do: 'score'
  readonly batch: number
  readonly calls: number
}

interface Steps {
  readonly do: 'fit'
  readonly batch: number
  readonly steps: number
}

type Request = Score | Steps

async function score({ batch, calls }: Score) {
  const given = rows.subarray(0, batch * dim)
  let nll: Float64Array = new Float64Array(0)
  const taken = stopwatch()
  for (let call = 0; call < calls; call++) nll = await scorer.nll(given)
  return { ...taken(), nll: [...nll.subarray(0, 8)] }
}

/** A scorer by tensors in float32, without the float64 of outlying rows. */
async function openTensorScorer(backend: BackendName): Promise<Pick<Scorer, 'engine' | 'nll' | 'close'>> {
  const { name, version } = await openBackend(backend)
  const tensors = new Map(
    Array.from(learnedShapes(flow.spec).keys(), (name) => {
      const { data: values, shape } = flow.weights.get(name)!
      return [name, tensorOf({ values, shape })]
    }),
  )
  const bijector = chain(bijectorsOf(flow.spec, tensors, flow.weights))
  const base = baseOf(flow)
  return {
    engine: `tfjs ${name} ${version}`,
    nll: async (given) =>
      tidyNumbers(() => {
        const x = tensorOf({ values: given, shape: [given.length / dim, dim] }) as Tensor2D
        const { value, logDet } = bijector.forwardAndLogDet(x)
        return nllOf(base, value.dataSync<'float32'>(), logDet.dataSync<'float32'>())
      }),
    close: async () => {},
  }
}

/** Training runs in this process, which is a child process already; one-time costs of a fit (compiling, warming up) are left out. */
async function takeSteps({ batch, steps }: Steps) {
  const settings = {
    ...FIT_DEFAULTS,
    spec: flow.spec,
    noise: new Float32Array(dim).fill(0.05),
    batchSize: batch,
    maxSteps: WARM_UP_STEPS + steps,
    patience: WARM_UP_STEPS + steps,
  }
  let taken = stopwatch()
  await train({ rows }, settings, await openBackend(name as BackendName), ({ step }) => {
    if (step === WARM_UP_STEPS) taken = stopwatch()
  })
  return taken()
}

/** Seconds since the start, by the clock and by the processor, of all threads of this process. */
function stopwatch() {
  const [started, before] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { clock: (performance.now() - started) / 1e3, processor: (user + system) / 1e6 }
  }
}

function answer(message: object): void {
  console.log(JSON.stringify(message))
}
