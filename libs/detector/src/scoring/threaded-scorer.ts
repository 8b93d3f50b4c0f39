import { setFlagsFromString } from 'node:v8'
import { MessageChannel, type MessagePort, SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads'
import type { Encoder } from '@outflow/encoding'
import type { FlowState } from '@outflow/flow'
import type { FieldTable } from '@outflow/records/fields'
import { ScoringFailed, ScoringThreadEnded } from '../errors.js'
import type { ModelScores, TableScorer } from './model-scorer.js'

/** A worker thread that scores for all models that are open in it. */
export interface ScoringThread {
  /** Starts the thread before the first model is opened; until then it does not keep the process alive. */
  begin(): void
  /**
   * Runs another program in the thread, until it is ended. Its module exports `run(port: MessagePort)`. A program of its own thread would
   * take 10 to 18 MiB more. Scoring delays it by some ms.
   */
  run(module: URL): ProgramInThread
  /**
   * Opens a model in the thread. Each batch is copied to it, 128 bytes per record of 16 numbers; results arrive in the order of the
   * requests. The thread ends when its last model is closed, after it has completed all requests.
   *
   * @param flow  null if every feature is categorical
   * @throws {ShapeError} when the weights of the flow do not fit its spec
   * @throws {ScoringThreadEnded} when the thread cannot start; a later call rejects with it when the thread ends
   */
  open(encoder: Encoder, flow: FlowState | null): Promise<TableScorer>
}

interface ProgramInThread {
  readonly port: MessagePort
  /** Closes the port. */
  end(): Promise<void>
}

/**
 * Makes a scoring thread: encoding and the flow take as long as the rest of a record's processing, and ONNX Runtime blocks the
 * thread that calls it, so the calling thread can read the next batch meanwhile.
 *
 * It runs from the first opened model or program until the last one is closed. Most of its start is the loading of its modules.
 * A model that replaces another finds them loaded, and so does the first one if `begin` was called earlier.
 */
export function makeScoringThread(): ScoringThread {
  let running: ReturnType<typeof runThread> | null = null
  const begun = () => {
    if (running === null || running.hasEnded()) running = runThread()
    return running
  }
  return {
    begin: () => {
      begun()
    },
    open: async (encoder, flow) => {
      const thread = begun()
      const model = thread.addUser()
      try {
        await thread.request({ kind: 'open', model, encoder, flow })
      } catch (error: unknown) {
        await thread.removeUser()
        throw error
      }
      return {
        score: async (table) => (await thread.request({ kind: 'score', model, table }))!,
        close: async () => {
          const wasLast = await thread.removeUser()
          if (!wasLast && !thread.hasEnded()) await thread.request({ kind: 'close', model })
        },
      }
    },
    run: (module) => {
      const thread = begun()
      thread.addUser()
      const port = thread.run(module)
      return {
        port,
        end: async () => {
          port.close()
          await thread.removeUser()
        },
      }
    },
  }
}

function runThread() {
  const worker = startWorker()
  const pending = new Map<number, { resolve: (scores: ModelScores | null) => void; reject: (error: Error) => void }>()
  let requests = 0
  let [added, users] = [0, 0]
  let ended: Error | undefined
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  const end = (how: string, cause?: unknown) => {
    ended ??= new ScoringThreadEnded(`the scoring thread ended: ${how}`, { cause })
    for (const { reject } of pending.values()) reject(ended)
    pending.clear()
  }
  worker.on('error', (error) => end(error.message, error))
  worker.on('exit', (code) => end(`exit code ${code}`))
  worker.on('message', (answer: FromScoringThread) => {
    const { resolve, reject } = pending.get(answer.id)!
    pending.delete(answer.id)
    if (answer.kind === 'done') resolve(answer.scores)
    else void revive(answer).then(reject)
  })
  // After the listeners are added: the one for messages would keep the process alive again.
  worker.unref()
  return {
    hasEnded: () => ended !== undefined,
    /** Adds a model or a program. @returns its number */
    addUser: () => {
      worker.ref()
      users += 1
      return added++
    },
    /** Removes a model or a program, and ends the thread after the last one. @returns whether it was the last */
    removeUser: async () => {
      users -= 1
      if (users > 0) return false
      // Rejects new requests while the thread ends.
      ended = new ScoringThreadEnded('the scoring thread ended: its last model was closed')
      // Not terminated: ONNX Runtime aborts the process when its thread is terminated in the middle of a batch.
      worker.postMessage({ kind: 'end' } satisfies ToScoringThread)
      await exited
      return true
    },
    run: (module: URL) => {
      const { port1, port2 } = new MessageChannel()
      port1.unref()
      worker.postMessage({ kind: 'run', module: module.href, port: port2 } satisfies ToScoringThread, [port2])
      return port1
    },
    /** @returns the scores of a `score` request, null for others */
    request: (own: ModelRequest) =>
      new Promise<ModelScores | null>((resolve, reject) => {
        if (ended !== undefined) return reject(ended)
        const id = requests++
        pending.set(id, { resolve, reject })
        worker.postMessage({ id, ...own } satisfies ToScoringThread)
      }),
  }
}

type ModelRequest =
  | { readonly kind: 'open'; readonly model: number; readonly encoder: Encoder; readonly flow: FlowState | null }
  | { readonly kind: 'score'; readonly model: number; readonly table: FieldTable }
  | { readonly kind: 'close'; readonly model: number }

export type ToScoringThread =
  | (ModelRequest & { readonly id: number })
  | { readonly kind: 'run'; readonly module: string; readonly port: MessagePort }
  | { readonly kind: 'end' }

export type FromScoringThread =
  | { readonly kind: 'done'; readonly id: number; readonly scores: ModelScores | null }
  | ({ readonly kind: 'failed'; readonly id: number } & Failure)

interface Failure {
  readonly code: string
  readonly message: string
  readonly values: Readonly<Record<string, unknown>>
}

/** Starts the compiled program of the thread, or its source if this module runs from source. */
function startWorker(): Worker {
  // A limit set by a V8 option, as in the first line of outflow.js, takes precedence over `resourceLimits`; 0 unsets it.
  setFlagsFromString('--max-semi-space-size=0')
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./scoring-thread.js', import.meta.url), { ...OPTIONS, execArgv: [] })
  }
  // In a thread, `--import tsx` has no effect.
  const [tsx, program] = [import.meta.resolve('tsx/esm/api'), new URL('./scoring-thread.ts', import.meta.url)]
  const code = `import('${tsx}').then(({ register }) => (register(), import('${program}')))`
  return new Worker(code, { ...OPTIONS, eval: true, execArgv: ['--conditions=source'] })
}

const OPTIONS: WorkerOptions = {
  // ONNX Runtime reads its settings from the environment of the process.
  env: SHARE_ENV,
  // A batch leaves a few large arrays, which are not in the young generation; the default of 48 MiB would be filled nevertheless.
  resourceLimits: { maxYoungGenerationSizeMb: 12 },
}

/** Restores the class of an error from the thread. The flow's are imported only here, so that a thread can begin before they are loaded. */
async function revive({ code, message, values }: Failure): Promise<Error> {
  const { NotFiniteError, ShapeError } = await import('@outflow/flow')
  if (code === 'OUTFLOW_FLOW_NOT_FINITE') return new NotFiniteError(message, { values })
  if (code === 'OUTFLOW_FLOW_SHAPE') return new ShapeError(message, { values })
  return new ScoringFailed(message, { values })
}
