import { parentPort } from 'node:worker_threads'
import { toOutflowError } from '@outflow/errors'
import { decodeModel } from './artefact.js'
import { type ModelScores, openTableScorer, type TableScorer } from './model-scorer.js'
import type { FromScoringThread, ToScoringThread } from './threaded-scorer.js'

// The thread that models score in: it answers requests to open, score and close in turn; on `end` it first answers the requests before.

const port = parentPort!
const models = new Map<number, TableScorer>()
const unanswered = new Set<Promise<void>>()

port.on('message', async (request: ToScoringThread) => {
  if (request.kind === 'end') {
    await Promise.all(unanswered)
    // Nothing else holds the thread.
    return port.close()
  }
  const answered = reply(request)
  unanswered.add(answered)
  await answered
  unanswered.delete(answered)
})

type ScoringRequest = Exclude<ToScoringThread, { kind: 'end' }>

async function reply(asked: ScoringRequest): Promise<void> {
  const { id } = asked
  try {
    const scores = await answer(asked)
    port.postMessage(
      { kind: 'done', id, scores } satisfies FromScoringThread,
      scores ? [scores.nll.buffer as ArrayBuffer] : [],
    )
  } catch (thrown: unknown) {
    const { code, message, values } = toOutflowError(thrown)
    port.postMessage({ kind: 'failed', id, code, message, values } satisfies FromScoringThread)
  }
}

async function answer(asked: ScoringRequest): Promise<ModelScores | null> {
  const { model } = asked
  if (asked.kind === 'score') return models.get(model)!.score(asked.table)
  if (asked.kind === 'open') {
    const { encoder, flow } = decodeModel(asked.artefact)
    models.set(model, await openTableScorer(encoder, flow))
  } else {
    await models.get(model)!.close()
    models.delete(model)
  }
  return null
}
