import { readdirSync, readFileSync } from 'node:fs'

/** CPU time (user and system) and memory, now and at its peak, of a process since its start, from /proc; Linux only. */
export function usageOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  const { user, system } = statOf(pid)
  return { cpuMs: user + system, residentBytes: bytes('VmRSS'), peakResidentBytes: bytes('VmHWM') }
}

/** CPU time of child processes of this process that have ended, and of theirs, ms. */
export function endedChildrenCpuMs(): number {
  return statOf(process.pid).ended
}

/** CPU time of the broker and of Postgres, ms, if this process has started them; 0 if they are given. */
export function serversCpuMs(): number {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [statOf(Number(pid))]
      } catch {
        return [] // The process has ended.
      }
    })
  const ours = stats.filter(({ parent, name }) => parent === process.pid && SERVERS.has(name))
  const backends = stats.filter(({ parent }) => ours.some(({ pid }) => pid === parent))
  const ownMs = [...ours, ...backends].reduce((sum, { user, system }) => sum + user + system, 0)
  return ownMs + ours.reduce((sum, { ended }) => sum + ended, 0)
}

const SERVERS: ReadonlySet<string> = new Set(['java', 'postgres'])

/** @see proc_pid_stat(5) */
function statOf(pid: number) {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const nameEnd = text.lastIndexOf(')')
  const rest = text.slice(nameEnd + 2).split(' ')
  const ticksMs = (field: number) => MS_A_TICK * Number(rest[field - 3])
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    parent: Number(rest[1]),
    user: ticksMs(14),
    system: ticksMs(15),
    /** Of child processes that were waited for. */
    ended: ticksMs(16) + ticksMs(17),
  }
}

/** Linux reports hundredths of a second, independent of the kernel's clock rate. */
const MS_A_TICK = 10
