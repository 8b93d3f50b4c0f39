import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Readiness } from '@outflow/runtime'
import { onTestFinished } from 'vitest'
import { eventually } from './eventually.js'

/** A line of a service's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly msg: string
  readonly [field: string]: unknown
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** From the signal that was sent, or the start, to the end. */
  readonly tookMs: number
}

/** `outflow run NAME` in a process of its own. */
export interface ServiceProcess {
  readonly pid: number
  readonly log: readonly LogLine[]
  /** Gives the first line with this message; throws when the service ends without one. */
  logged(msg: string): Promise<LogLine>
  /** Asks `/readyz`. */
  readiness(): Promise<Readiness & { readonly status: number }>
  hasEnded(): boolean
  /** SIGKILL: no chance to say goodbye to anybody. */
  kill(): Promise<Ended>
  /** SIGTERM. */
  terminate(): Promise<Ended>
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ENTRY = `${ROOT}test/support/outflow-from-source.ts`

/** Starts a service; it is killed when the test is done, if it still runs, and its log is shown if the test failed. */
export function startService(name: 'ingest' | 'alerts' | 'trainer', configFile: string): ServiceProcess {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=source', ENTRY, 'run', name, '--config', configFile],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const log: LogLine[] = []
  const unread: string[] = []
  createInterface(child.stdout).on('line', (line) => log.push(JSON.parse(line) as LogLine))
  createInterface(child.stderr).on('line', (line) => unread.push(line))
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null

  const end = async (by: NodeJS.Signals): Promise<Ended> => {
    const from = Date.now()
    child.kill(by)
    const [code, signal] = await closed
    return { code, signal, tookMs: Date.now() - from }
  }
  const logged = (msg: string): Promise<LogLine> =>
    eventually(
      () => {
        const line = log.find((candidate) => candidate.msg === msg)
        if (line === undefined && hasEnded()) throw new Error(`${name} ended without saying '${msg}'`)
        return line
      },
      { what: `${name} says '${msg}'` },
    )

  onTestFinished(async ({ task }) => {
    if (!hasEnded()) await end('SIGKILL')
    if (task.result?.state !== 'fail') return
    const told = log.filter(({ level }) => level !== 'debug').map((line) => JSON.stringify(line).slice(0, 600))
    console.error([`the log of ${name} ${child.pid}:`, ...told, ...unread].join('\n'))
  })
  return {
    pid: child.pid!,
    log,
    logged,
    readiness: async () => {
      const { address } = await logged('health and metrics served')
      const response = await fetch(`${address}/readyz`)
      return { status: response.status, ...((await response.json()) as Readiness) }
    },
    hasEnded,
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
  }
}
