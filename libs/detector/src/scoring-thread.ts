import { parentPort, workerData } from 'node:worker_threads'
import { toOutflowError } from '@outflow/errors'
import { decodeModel } from './artefact.js'
import { openTableScorer } from './model-scorer.js'
import type { FromScoringThread, ToScoringThread } from './threaded-scorer.js'

// The thread that one model scores in: told the model at its start, it says when it is open, and answers each batch.

const port = parentPort!
const { encoder, flow } = decodeModel(workerData as Uint8Array)
const scorer = await openTableScorer(encoder, flow)

port.postMessage('open')
port.on('message', async ({ id, table }: ToScoringThread) => {
  try {
    const scores = await scorer.score(table)
    port.postMessage({ kind: 'scored', id, scores } satisfies FromScoringThread, [scores.nll.buffer as ArrayBuffer])
  } catch (thrown: unknown) {
    const { code, message, values } = toOutflowError(thrown)
    port.postMessage({ kind: 'failed', id, code, message, values } satisfies FromScoringThread)
  }
})
