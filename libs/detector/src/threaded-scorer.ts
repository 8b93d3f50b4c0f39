import { type ResourceLimits, Worker } from 'node:worker_threads'
import { NotFiniteError, ShapeError } from '@outflow/flow'
import type { FieldTable } from '@outflow/records'
import { ScoringFailed, ScoringThreadEnded } from './errors.js'
import type { ModelScores, TableScorer } from './model-scorer.js'

/** A thread that models score in, each for as long as it is open. */
export interface ScoringThread {
  /** Starts it before there is a model for it; until then it keeps no process from ending. */
  begin(): void
  /**
   * Opens a model in it. A batch is copied there, 128 bytes each of 16 numbers; answers come in the order of asking.
   *
   * @throws {ScoringThreadEnded} when the thread or the model cannot begin; a later call rejects with it when the thread ends. With its
   * last model it ends once all that was asked is answered.
   */
  open(artefact: Uint8Array): Promise<TableScorer>
}

/**
 * Makes a thread for scoring: encoding and the flow take as long as the rest of a record's way, and ONNX Runtime keeps the
 * calling thread, which reads the next batch meanwhile.
 *
 * It runs from the first model that is opened in it until the last one is closed. A third of a second goes into its start, most
 * of it into loading what it runs: a model that takes the place of another finds all that there, and so does the first one where
 * the thread was begun while that model was still waited for.
 */
export function makeScoringThread(): ScoringThread {
  let running: RunningThread | null = null
  const begun = (): RunningThread => {
    if (running === null || running.hasEnded()) running = runThread()
    return running
  }
  return {
    begin: () => {
      begun()
    },
    open: async (artefact) => {
      const thread = begun()
      const model = thread.enter()
      try {
        await thread.ask({ kind: 'open', model, artefact })
      } catch (error: unknown) {
        await thread.leave()
        throw error
      }
      return {
        score: async (table) => (await thread.ask({ kind: 'score', model, table }))!,
        close: async () => {
          if (!(await thread.leave())) await thread.ask({ kind: 'close', model })
        },
      }
    },
  }
}

interface RunningThread {
  readonly hasEnded: () => boolean
  /** @returns a number for one model more */
  readonly enter: () => number
  /** One model less; after the last the thread ends. @returns whether it was the last */
  readonly leave: () => Promise<boolean>
  /** @returns scores, where it was asked for some */
  readonly ask: (question: Question) => Promise<ModelScores | null>
}

interface PendingScores {
  readonly resolve: (scores: ModelScores | null) => void
  readonly reject: (error: Error) => void
}

function runThread(): RunningThread {
  const worker = startWorker()
  const waiting = new Map<number, PendingScores>()
  let asked = 0
  let [entered, open] = [0, 0]
  let ended: Error | undefined
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  const end = (how: string, cause?: unknown) => {
    ended ??= new ScoringThreadEnded(`the scoring thread ended: ${how}`, { cause })
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  worker.on('error', (error) => end(error.message, error))
  worker.on('exit', (code) => end(`exit code ${code}`))
  worker.on('message', (answer: FromScoringThread) => {
    const { resolve, reject } = waiting.get(answer.id)!
    waiting.delete(answer.id)
    if (answer.kind === 'done') resolve(answer.scores)
    else reject(revive(answer))
  })
  // After the listeners: the one for messages would hold the process again.
  worker.unref()
  return {
    hasEnded: () => ended !== undefined,
    enter: () => {
      worker.ref()
      open += 1
      return entered++
    },
    leave: async () => {
      open -= 1
      if (open > 0) return false
      // Nobody else is to be let in while it ends.
      ended = new ScoringThreadEnded('the scoring thread ended: its last model was closed')
      // Not terminated: ONNX Runtime aborts the process when its thread is terminated in the middle of a batch.
      worker.postMessage({ kind: 'end' } satisfies ToScoringThread)
      await exited
      return true
    },
    ask: (question) =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const id = asked++
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, ...question } satisfies ToScoringThread)
      }),
  }
}

type Question =
  | { readonly kind: 'open'; readonly model: number; readonly artefact: Uint8Array }
  | { readonly kind: 'score'; readonly model: number; readonly table: FieldTable }
  | { readonly kind: 'close'; readonly model: number }

/** What the scoring thread is asked, or that it is to end. */
export type ToScoringThread = (Question & { readonly id: number }) | { readonly kind: 'end' }

/** What it answers. */
export type FromScoringThread =
  | { readonly kind: 'done'; readonly id: number; readonly scores: ModelScores | null }
  | ({ readonly kind: 'failed'; readonly id: number } & Failure)

interface Failure {
  readonly code: string
  readonly message: string
  readonly values: Readonly<Record<string, unknown>>
}

/** What tsc made of the thread's program, or its source where this module itself runs from source. */
function startWorker(): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./scoring-thread.js', import.meta.url), { execArgv: [], resourceLimits: LIMITS })
  }
  // In a thread, `--import tsx` comes to nothing.
  const [tsx, program] = [import.meta.resolve('tsx/esm/api'), new URL('./scoring-thread.ts', import.meta.url)]
  const code = `import('${tsx}').then(({ register }) => (register(), import('${program}')))`
  return new Worker(code, { eval: true, execArgv: ['--conditions=source'], resourceLimits: LIMITS })
}

// What a batch leaves behind is a few large arrays, which do not lie there; the default of 48 MiB would be filled all the same.
const LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 12 }

/** An error that crossed over has its class again. */
function revive({ code, message, values }: Failure): Error {
  if (code === 'OUTFLOW_FLOW_NOT_FINITE') return new NotFiniteError(message, { values })
  if (code === 'OUTFLOW_FLOW_SHAPE') return new ShapeError(message, { values })
  return new ScoringFailed(message, { values })
}
