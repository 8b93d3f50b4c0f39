import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type ProcessIdentity } from './process-identity.js'

/** Record of a launch, by which the guard or a later launch can end it when its owner cannot. */
export interface LaunchRecord {
  readonly owner: ProcessIdentity
  readonly processes: readonly LaunchedProcess[]
  /** Set once containers may exist; their label is the name of the launch folder. */
  readonly containers: boolean
}

export interface LaunchedProcess extends ProcessIdentity {
  /** Signal that ends it fastest: on SIGQUIT Postgres also ends its child processes, on SIGKILL it leaves them running. */
  readonly endBy: 'SIGQUIT' | 'SIGKILL'
}

export const FOLDER_PREFIX = 'outflow-launch-'
export const RECORD_FILE = 'launch.json'

/** A younger folder without a record belongs to a launch that is starting; an older one to a launch that was interrupted. */
const UNRECORDED_GRACE_MS = 60_000
/** Time for a process to end after a signal. */
const END_GRACE_MS = 5_000

/** Ends and removes every launch in `base` whose owner has exited. Returns the removed folders. */
export async function sweepOrphans(base: string): Promise<readonly string[]> {
  const names = (await readdir(base)).filter((name) => name.startsWith(FOLDER_PREFIX))
  const swept = await Promise.all(
    names.map(async (name) => {
      const folder = join(base, name)
      return (await isOrphan(folder)) && (await endLaunch(folder)) ? folder : undefined
    }),
  )
  return swept.filter((folder) => folder !== undefined)
}

/**
 * Ends the processes and containers of a launch and removes its folder.
 *
 * @returns false when containers could not be removed because no engine answers; the folder is then kept for the next attempt
 */
export async function endLaunch(folder: string): Promise<boolean> {
  const record = await readRecord(folder)
  await Promise.all((record?.processes ?? []).map(endProcess))
  if (record?.containers) {
    const { removeContainersOf } = await import('./docker.js')
    const isRemoved = await removeContainersOf(folder).then(
      () => true,
      () => false,
    )
    if (!isRemoved) return false
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  return true
}

/** Whether the owner of a launch has exited; false for folders of other users. */
export async function isOrphan(folder: string, now = Date.now()): Promise<boolean> {
  const stats = await lstat(folder).catch(() => undefined)
  if (!stats?.isDirectory() || stats.uid !== process.getuid?.()) return false
  const record = await readRecord(folder)
  return record === undefined ? now - stats.mtimeMs > UNRECORDED_GRACE_MS : !isRunning(record.owner)
}

/** The record in a launch folder; undefined where there is none. It is replaced by a rename, so it is always complete. */
async function readRecord(folder: string): Promise<LaunchRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8'))
  } catch {
    return undefined
  }
}

async function endProcess(launched: LaunchedProcess): Promise<void> {
  for (const signal of [launched.endBy, 'SIGKILL'] as const) {
    send(launched, signal)
    const deadline = Date.now() + END_GRACE_MS
    while (isRunning(launched) && Date.now() < deadline) await delay(20)
  }
}

function send(launched: LaunchedProcess, signal: NodeJS.Signals): void {
  if (!isRunning(launched)) return
  try {
    process.kill(launched.pid, signal)
  } catch {
    // The process ended after the check above.
  }
}
