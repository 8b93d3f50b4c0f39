import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** An engine with one model, in a child process. */
export type Engine = NonNullable<Awaited<ReturnType<typeof startEngine>>>

/** Seconds, by the clock and by the processor; on an idle machine they are equal. */
export interface Taken {
  readonly clock: number
  readonly processor: number
}

export type EngineKey = 'onnx' | 'wasm' | 'tfjs-node' | 'torch'

/** Input of an engine: a safetensors file of a flow, and float32 rows. */
export interface Given {
  readonly modelFile: string
  readonly rowsFile: string
  readonly dim: number
  readonly scaleBound: number
}

/** Starts an engine. If it does not start, prints the reason and returns undefined. */
export async function startEngine(key: EngineKey, given: Given, python: string) {
  const { modelFile, rowsFile, dim, scaleBound } = given
  const command: [string, string[]] =
    key === 'torch'
      ? [python, [fileOf('flow_torch.py'), modelFile, rowsFile, String(dim), String(scaleBound)]]
      : // Garbage collection on one thread, as in the process of a fit.
        [
          process.execPath,
          ['--single-threaded-gc', ...process.execArgv, fileOf('flow-engine.ts'), key, modelFile, rowsFile],
        ]
  const child = spawn(...command, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <Answer>(): Promise<Answer> => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${key} ended: ${stderr.trim()}`)
    return JSON.parse(value)
  }
  const ask = <Answer>(request: object): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return next()
  }
  try {
    const { engine } = await next<{ engine: string }>()
    return {
      key,
      /** Name and version, for the table. */
      title: engine,
      score: (batch: number, calls: number) =>
        ask<Taken & { readonly nll: readonly number[] }>({ do: 'score', batch, calls }),
      fit: (batch: number, steps: number) => ask<Taken>({ do: 'fit', batch, steps }),
      close: () => close(child, ended),
    }
  } catch (error: unknown) {
    console.error(`${key} is left out: ${error instanceof Error ? error.message : error}`)
    await close(child, ended)
    return undefined
  }
}

function close(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.stdin?.end()
  return ended
}

const fileOf = (name: string) => fileURLToPath(new URL(`./${name}`, import.meta.url))
