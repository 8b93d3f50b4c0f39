import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readiness } from '@outflow/runtime'
import { eventually } from './eventually.js'
import { spawnOutflow } from './run-outflow.js'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly msg: string
  readonly [field: string]: unknown
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** From the signal, or the start, to the end. */
  readonly tookMs: number
}

/** `outflow run NAME` in a child process. */
export type ServiceProcess = ReturnType<typeof spawnService>

export type ServiceName = 'ingest' | 'alerts' | 'trainer' | 'all'

/** A fit of 2,000 steps takes a minute while other tests fit models too. */
const LOGGED_WITHIN_MS = 110_000

/** Starts a service; the caller ends it. */
export function spawnService(name: ServiceName, ...configFiles: readonly string[]) {
  const child = spawnOutflow(['run', name, ...configFiles.flatMap((file) => ['--config', file])])
  child.stdin.end()
  const log: LogLine[] = []
  const complaints: string[] = []
  createInterface(child.stdout).on('line', (line) => log.push(JSON.parse(line) as LogLine))
  createInterface(child.stderr).on('line', (line) => complaints.push(line))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null

  const end = async (by: NodeJS.Signals): Promise<Ended> => {
    const from = Date.now()
    child.kill(by)
    const [code, signal] = await closed
    return { code, signal, tookMs: Date.now() - from }
  }
  /** Returns the first line with this message and these fields; throws when the service ends without one. */
  const logged = (msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> => {
    const wanted = Object.entries({ msg, ...fields })
    return eventually(
      () => {
        const line = log.find((candidate) => wanted.every(([field, value]) => candidate[field] === value))
        if (line === undefined && hasEnded()) throw new Error(`${name} ended without logging '${msg}'`)
        return line
      },
      { what: `${name} logs '${msg}' ${JSON.stringify(fields)}`, withinMs: LOGGED_WITHIN_MS },
    )
  }

  return {
    pid: child.pid!,
    log: log as readonly LogLine[],
    /** Its output on stderr. */
    complaints: complaints as readonly string[],
    logged,
    /** Requests `/readyz`. */
    readiness: async () => {
      const { address } = await logged('health and metrics served')
      const response = await fetch(`${address}/readyz`)
      return { status: response.status, ...((await response.json()) as Readiness) }
    },
    hasEnded,
    /** SIGSTOP: it keeps its connections and locks, and does nothing until `resume`. */
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    /** SIGKILL: the process ends at once, without a drain. */
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
  }
}
