import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ComponentStartFailed } from './errors.js'
import { isSearchableByAll } from './file-access.js'
import { endLaunch, FOLDER_PREFIX, type LaunchedProcess, type LaunchRecord, RECORD_FILE } from './orphans.js'
import { identify } from './process-identity.js'

/**
 * The folder that contains launch folders: root's temporary folder may not be searchable by the user that runs Postgres.
 *
 * @throws {ComponentStartFailed} when TMPDIR names no folder
 */
export function launchBase(): string {
  const base = tmpdir()
  if (!existsSync(base))
    throw new ComponentStartFailed(`TMPDIR is ${base}, which does not exist; create it, or set another`)
  return process.getuid?.() === 0 && !isSearchableByAll(base) ? '/tmp' : base
}

/** The folder of one launch: its data, the record of what it started, and the guard that cleans up after a crash. */
export type LaunchFolder = Awaited<ReturnType<typeof openLaunchFolder>>

export async function openLaunchFolder() {
  const path = await mkdtemp(join(launchBase(), FOLDER_PREFIX))
  await chmod(path, 0o711)
  let record: LaunchRecord = { owner: identify(process.pid)!, processes: [], containers: false }
  // Synchronous, so that every started process is recorded before the owner can be interrupted.
  const write = (next: LaunchRecord): void => {
    record = next
    writeFileSync(join(path, `${RECORD_FILE}.new`), JSON.stringify(record))
    renameSync(join(path, `${RECORD_FILE}.new`), join(path, RECORD_FILE))
  }
  write(record)
  const guard = startGuard(path)

  return {
    path,
    /** Unique among the launches of this machine; containers have it as a label. */
    name: basename(path),
    recordProcess: (pid: number, endBy: LaunchedProcess['endBy']): void => {
      const identity = identify(pid)
      if (identity) write({ ...record, processes: [...record.processes, { ...identity, endBy }] })
    },
    recordContainers: () => write({ ...record, containers: true }),
    /** Ends the recorded processes, removes containers and data, and ends the guard. Safe to call twice. */
    end: async () => {
      await endLaunch(path)
      await stopGuard(guard)
    },
  }
}

function startGuard(folder: string): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts')
  const script = fileURLToPath(new URL(fromSource ? './guard.ts' : './guard.js', import.meta.url))
  const loader = fromSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : []
  // Detached, so that Ctrl-C in the owner's terminal does not reach it.
  const guard = spawn(process.execPath, [...loader, script, folder], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {}) // without a guard the next launch still cleans up
  guard.stdin?.on('error', () => {}) // the guard was killed: as above
  guard.unref()
  return guard
}

async function stopGuard(guard: ChildProcess): Promise<void> {
  if (guard.pid === undefined || guard.exitCode !== null || guard.signalCode !== null) return
  guard.ref()
  const exited = once(guard, 'exit')
  guard.stdin?.end()
  await exited
}
