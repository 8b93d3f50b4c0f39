import { parentPort } from 'node:worker_threads'
import { toOutflowError } from '@outflow/errors'
import { freeMemory } from '@outflow/records/fields'
import { type ModelScores, openTableScorer, type TableScorer } from './model-scorer.js'
import type { FromScoringThread, ToScoringThread } from './threaded-scorer.js'

// The scoring thread: processes requests to open, score and close a model, and runs programs; on `end` it completes the earlier requests first.

const port = parentPort!
const models = new Map<number, TableScorer>()
const pending = new Set<Promise<void>>()

port.on('message', async (request: ToScoringThread) => {
  if (request.kind === 'end') {
    await Promise.all(pending)
    // The port is the only handle that keeps the thread alive.
    return port.close()
  }
  if (request.kind === 'run') return (await import(request.module)).run(request.port)
  const response = reply(request)
  pending.add(response)
  await response
  pending.delete(response)
})

type ScoringRequest = Exclude<ToScoringThread, { kind: 'run' | 'end' }>

async function reply(request: ScoringRequest): Promise<void> {
  const { id } = request
  try {
    const scores = await execute(request)
    port.postMessage(
      { kind: 'done', id, scores } satisfies FromScoringThread,
      scores ? [scores.nll.buffer as ArrayBuffer] : [],
    )
  } catch (thrown: unknown) {
    const { code, message, values } = toOutflowError(thrown)
    port.postMessage({ kind: 'failed', id, code, message, values } satisfies FromScoringThread)
  }
}

async function execute(request: ScoringRequest): Promise<ModelScores | null> {
  const { model } = request
  if (request.kind === 'score') {
    const scores = await models.get(model)!.score(request.table)
    freeMemory(request.table.numbers)
    return scores
  }
  if (request.kind === 'open') {
    models.set(model, await openTableScorer(request.encoder, request.flow))
  } else {
    await models.get(model)!.close()
    models.delete(model)
  }
  return null
}
