import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { FieldTable } from '@outflow/encoding'
import { NotFiniteError, ShapeError } from '@outflow/flow'
import { ScoringThreadEnded } from './errors.js'
import type { ModelScores, TableScorer } from './model-scorer.js'

/**
 * Opens a model in a thread of its own: encoding and the flow take as long as the rest of a record's way, and ONNX Runtime
 * keeps the thread that calls it. Beside it the next batch is read. A batch is copied there, 128 bytes each of 16 numbers;
 * answers come in the order of asking.
 *
 * @throws {ScoringThreadEnded} when the thread can not begin; a later call rejects with it when the thread ends
 */
export async function openThreadedScorer(artefact: Uint8Array): Promise<TableScorer> {
  const thread = startThread(artefact)
  const waiting = new Map<number, Waiting>()
  let asked = 0
  let ended: Error | undefined
  const end = (how: string, cause?: unknown) => {
    ended ??= new ScoringThreadEnded(`the scoring thread ended: ${how}`, { cause })
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  thread.on('error', (error) => end(error.message, error))
  thread.on('exit', (code) => end(`exit code ${code}`))
  await once(thread, 'message').catch(() => {
    throw ended
  })
  thread.on('message', (answer: FromScoringThread) => {
    const { resolve, reject } = waiting.get(answer.id)!
    waiting.delete(answer.id)
    if (answer.kind === 'scored') resolve(answer.scores)
    else reject(revive(answer))
  })
  return {
    score: (table) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const id = asked++
        waiting.set(id, { resolve, reject })
        thread.postMessage({ id, table } satisfies ToScoringThread)
      }),
    close: async () => void (await thread.terminate()),
  }
}

interface Waiting {
  readonly resolve: (scores: ModelScores) => void
  readonly reject: (error: Error) => void
}

/** What the scoring thread is asked. */
export interface ToScoringThread {
  readonly id: number
  readonly table: FieldTable
}

/** What it answers, after a first message that says that the model is open. */
export type FromScoringThread =
  | { readonly kind: 'scored'; readonly id: number; readonly scores: ModelScores }
  | ({ readonly kind: 'failed'; readonly id: number } & Failure)

interface Failure {
  readonly code: string
  readonly message: string
  readonly values: Readonly<Record<string, unknown>>
}

/** What tsc made of the thread's program, or its source where this module itself runs from source. */
function startThread(workerData: Uint8Array): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./scoring-thread.js', import.meta.url), { workerData, execArgv: [] })
  }
  // In a thread, `--import tsx` comes to nothing.
  const [tsx, program] = [import.meta.resolve('tsx/esm/api'), new URL('./scoring-thread.ts', import.meta.url)]
  const code = `import('${tsx}').then(({ register }) => (register(), import('${program}')))`
  return new Worker(code, { workerData, eval: true, execArgv: ['--conditions=source'] })
}

/** An error that crossed over has its class again. */
function revive({ code, message, values }: Failure): Error {
  if (code === 'OUTFLOW_FLOW_NOT_FINITE') return new NotFiniteError(message, { values })
  if (code === 'OUTFLOW_FLOW_SHAPE') return new ShapeError(message, { values })
  return new ScoringThreadEnded(message, { values })
}
