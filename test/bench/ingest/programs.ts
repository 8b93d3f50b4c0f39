import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Taken } from './taken.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SOURCE = ['--import', 'tsx', '--conditions=source']

/** Runs a baseline to its end. */
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
  const { wallMs, cpuMs, records: read } = JSON.parse(stdout) as { records: number; wallMs: number; cpuMs: number }
  return { records: read, wallMs, cpuMs }
}

/** `outflow run NAME`, as it ships. */
export interface Service {
  readonly pid: number
  /** CPU seconds since its start and resident bytes, by its own metrics. */
  usage(): Promise<{ readonly cpuS: number; readonly residentBytes: number }>
  /** SIGTERM, and waits. */
  stop(): Promise<void>
}

export async function startService(
  name: 'ingest' | 'alerts',
  configFile: string,
  nodeArgs: readonly string[] = [],
): Promise<Service> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, `${ROOT}services/cli/bin/outflow.js`, 'run', name, '--config', configFile],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const closed = once(child, 'close')
  const address = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const { msg, address, level } = JSON.parse(line) as Record<string, string>
      if (msg === 'health and metrics served') resolve(address!)
      else if (level === 'error') console.error(line)
    })
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}`)))
  })
  return {
    pid: child.pid!,
    usage: async () => {
      const metrics = await (await fetch(`${address}/metrics`)).text()
      const value = (metric: string) => Number(new RegExp(`^${metric}(?:{[^}]*})? (\\S+)$`, 'm').exec(metrics)?.[1])
      return { cpuS: value('process_cpu_seconds_total'), residentBytes: value('process_resident_memory_bytes') }
    },
    stop: async () => {
      child.kill('SIGTERM')
      await closed
    },
  }
}
