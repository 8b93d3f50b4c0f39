import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Control } from './infrastructure.js'
import type { LaunchedProcess } from './orphans.js'
import type { PartLaunch } from './part-launch.js'
import { type Readiness, untilReady } from './readiness.js'
import { lastLines } from './run-command.js'

/** A server that runs as a child process. */
interface ServerSpec extends PartLaunch, Pick<Readiness, 'what' | 'probe' | 'timeoutMs'> {
  readonly command: string
  readonly args: readonly string[]
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
  readonly logFile: string
  /** Signal for a clean shutdown. */
  readonly stopSignal: NodeJS.Signals
  readonly stopTimeoutMs: number
  readonly endBy: LaunchedProcess['endBy']
  /** Output that means that the previous process is still running: the start is retried until the timeout. */
  readonly notYet?: RegExp
}

/**
 * Returns the control of a server process; `start` starts it.
 *
 * It is spawned detached, in its own session, so that Ctrl-C in a terminal reaches only the owner, which must drain while
 * the server runs. The guard of the launch folder ends the server if the owner cannot.
 */
export function superviseProcess(spec: ServerSpec): Control {
  let child: ChildProcess | undefined

  const launch = (): ChildProcess => {
    const log = openSync(spec.logFile, 'a', 0o600)
    const started = spawn(spec.command, spec.args, {
      ...spec.user,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    started.on('error', () => {}) // restartOrDescribeEnd reports it: the child has no pid
    if (started.pid !== undefined) spec.folder.recordProcess(started.pid, spec.endBy)
    started.unref()
    return started
  }

  /** Returns how the server ended; undefined while it runs, or when it is started again because the previous process still ran. */
  const restartOrDescribeEnd = async (): Promise<string | undefined> => {
    if (child === undefined || isUp(child)) return undefined
    const log = lastLines(await readFile(spec.logFile, 'utf8'))
    if (spec.notYet?.test(log)) {
      child = launch()
      return undefined
    }
    const how = child.pid === undefined ? `cannot run ${spec.command}` : `exit ${child.exitCode ?? child.signalCode}`
    return `${how}; the end of ${spec.logFile}:\n${log}`
  }

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child
    child = undefined
    if (ending === undefined || !isUp(ending)) return
    ending.ref()
    const exited = once(ending, 'exit')
    ending.kill(signal)
    const forced = setTimeout(() => ending.kill('SIGKILL'), spec.stopTimeoutMs)
    await exited
    clearTimeout(forced)
  }

  return {
    start: async () => {
      if (child !== undefined && isUp(child)) return
      child = launch()
      await untilReady({ ...spec, ended: restartOrDescribeEnd })
    },
    stop: () => end(spec.stopSignal),
    kill: () => end('SIGKILL'),
  }
}

function isUp(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}
