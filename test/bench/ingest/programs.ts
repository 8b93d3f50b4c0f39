import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Running } from './running.js'
import type { Pipeline } from './stage.js'
import type { Taken } from './taken.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCE = ['--import', 'tsx', '--conditions=source']
/** Those of the first line of outflow.js. */
const V8_OPTIONS = ['--max-semi-space-size=8']

export async function runBaseline(
  mode: 'discard' | 'parse',
  {
    brokers,
    topic,
    records,
  }: { readonly brokers: readonly string[]; readonly topic: string; readonly records: number },
): Promise<Taken> {
  const program = `${ROOT}test/bench/ingest/baseline-consumer.ts`
  const args = [...SOURCE, program, brokers.join(','), topic, String(records), mode]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT })
  return JSON.parse(stdout) as Taken
}

/** `outflow run NAME`, as released. */
interface Service {
  readonly pid: number
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>
}

export async function startService(
  name: 'ingest' | 'alerts',
  configFile: string,
  nodeArgs: readonly string[] = [],
): Promise<Service> {
  const child = spawn(
    process.execPath,
    [...V8_OPTIONS, ...nodeArgs, `${ROOT}services/cli/bin/outflow.js`, 'run', name, '--config', configFile],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const closed = once(child, 'close')
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const { msg, level } = JSON.parse(line) as Record<string, string>
      if (msg === 'health and metrics served') resolve()
      else if (level === 'error') console.error(line)
    })
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
  return {
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** Ingest and alerts of a pipeline. */
export async function startOutflow(pipeline: Pipeline, nodeArgs: readonly string[] = []): Promise<Running> {
  const startedAtMs = performance.now()
  const [ingest, alerts] = await Promise.all([
    startService('ingest', pipeline.configFile, nodeArgs),
    startService('alerts', pipeline.configFile, nodeArgs),
  ])
  return {
    ...pipeline,
    startedAtMs,
    processes: { ingest: ingest.pid, alerts: alerts.pid },
    stop: async () => void (await Promise.all([ingest.stop(), alerts.stop()])),
  }
}
