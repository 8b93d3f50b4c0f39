/** One engine of the scoring and fitting benches, in a child process: lines of JSON in, lines of JSON out, like flow_torch.py. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type BackendName, decodeSafetensors, openBackend, openScorer } from '@outflow/flow'
import { openFlow } from '../../libs/flow/src/flows/flow.js'
import { train } from '../../libs/flow/src/training/train.js'

const [name, modelFile, rowsFile] = process.argv.slice(2) as ['onnx' | BackendName, string, string]
const WARM_UP_STEPS = 50
const flow = decodeSafetensors(readFileSync(modelFile))
const { dim } = flow.spec
const bytes = readFileSync(rowsFile)
const rows = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
const context = new Float32Array(0)
const scorer = name === 'onnx' ? await openScorer(flow) : await openFlow(flow, name)
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
  for (let call = 0; call < calls; call++) nll = await scorer.nll(given, context, batch)
  return { ...taken(), nll: [...nll.subarray(0, 8)] }
}

/** Training runs in this process, which is a child process already; one-time costs of a fit (compiling, warming up) are left out. */
async function takeSteps({ batch, steps }: Steps) {
  const settings = {
    spec: flow.spec,
    seed: 1,
    noise: new Float32Array(dim).fill(0.05),
    batchSize: batch,
    maxSteps: WARM_UP_STEPS + steps,
    validation: { maxRows: 1 },
    patience: WARM_UP_STEPS + steps,
  }
  let taken = stopwatch()
  await train({ rows, context }, settings, await openBackend(name as BackendName), ({ step }) => {
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
