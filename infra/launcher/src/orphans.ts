import { lstat, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isRunning, type ProcessIdentity } from './process-identity.js'

/** What a launch writes about itself, so that others can end it when its owner no longer can. */
export interface LaunchRecord {
  readonly owner: ProcessIdentity
  readonly processes: readonly LaunchedProcess[]
  /** Set once containers may exist; their label is the name of the launch folder. */
  readonly containers: boolean
}

export interface LaunchedProcess extends ProcessIdentity {
  /** What ends it fastest: Postgres takes its children along on SIGQUIT, but leaves them behind on SIGKILL. */
  readonly endBy: 'SIGQUIT' | 'SIGKILL'
}

export const FOLDER_PREFIX = 'outflow-launch-'
export const RECORD_FILE = 'launch.json'

/** A folder without a record is one being made, for the first moments of a launch; later, one left half made. */
const UNRECORDED_GRACE_MS = 60_000
const QUIT_GRACE_MS = 5_000

/** Ends and removes every launch in `base` whose owner died. Gives the folders it removed. */
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
 * @returns false when containers could not be removed because no engine answers; the folder then stays for the next try
 */
export async function endLaunch(folder: string): Promise<boolean> {
  const record = await readRecord(folder)
  await Promise.all((record?.processes ?? []).map(endProcess))
  if (record?.containers && !(await removeContainers(folder))) return false
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  return true
}

/** Whether a launch has lost its owner; other users' folders are none of ours. */
export async function isOrphan(folder: string, now = Date.now()): Promise<boolean> {
  const stats = await lstat(folder).catch(() => undefined)
  if (!stats?.isDirectory() || stats.uid !== process.getuid?.()) return false
  const record = await readRecord(folder)
  return record === undefined ? now - stats.mtimeMs > UNRECORDED_GRACE_MS : !isRunning(record.owner)
}

/** The record in a launch folder; undefined where there is none. It is replaced by renaming, so never half written. */
async function readRecord(folder: string): Promise<LaunchRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8'))
  } catch {
    return undefined
  }
}

async function endProcess(launched: LaunchedProcess): Promise<void> {
  send(launched, launched.endBy)
  const deadline = Date.now() + QUIT_GRACE_MS
  while (isRunning(launched) && Date.now() < deadline + QUIT_GRACE_MS) {
    if (Date.now() > deadline) send(launched, 'SIGKILL')
    await delay(20)
  }
}

function send(launched: LaunchedProcess, signal: NodeJS.Signals): void {
  if (!isRunning(launched)) return
  try {
    process.kill(launched.pid, signal)
  } catch {
    // It ended between the look and the signal: that is what was wanted.
  }
}

async function removeContainers(folder: string): Promise<boolean> {
  const { removeContainersOf } = await import('./docker.js')
  return removeContainersOf(folder).then(
    () => true,
    () => false,
  )
}
