import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Identifies a process even after its id is reused. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time, in the format of this operating system; only compared for equality. */
  readonly startedAt: string
}

/** Returns the identity of a running process, undefined when there is none (a zombie counts as none). */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt
}

function startOnLinux(pid: number): string | undefined {
  try {
    return parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined // no such process
  }
}

/**
 * Start time, in clock ticks since boot, from a line of /proc/PID/stat; undefined for a zombie: it has ended,
 * but stays listed where process 1 does not reap children (as in many containers).
 *
 * @see proc_pid_stat(5): the name in brackets may itself contain brackets and blanks, so fields are counted from the last bracket
 */
export function parseProcStat(stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state === 'Z' || state === 'X' ? undefined : rest[18]
}

function startByPs(pid: number): string | undefined {
  try {
    // lstart is in the time zone and language of the environment.
    const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' }
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8', env }).trim()
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
  } catch {
    return undefined // ps exits with 1 when there is no such process
  }
}
