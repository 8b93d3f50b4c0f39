import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isSearchableByAll } from './file-access.js'
import { endLaunch, FOLDER_PREFIX, type LaunchedProcess, type LaunchRecord, RECORD_FILE } from './orphans.js'
import { identify } from './process-identity.js'

/** The folder of one launch: its data, the record of what it started, and the guard that cleans up after a crash. */
export interface LaunchFolder {
  readonly path: string
  /** Unique among the launches of this machine; containers carry it as a label. */
  readonly name: string
  recordProcess(pid: number, endBy: LaunchedProcess['endBy']): void
  recordContainers(): void
  /** Ends what is on record, removes containers and data, and lets the guard go. Safe to call twice. */
  end(): Promise<void>
}

/** Where launch folders are made: root's temporary folder may be closed to the user that Postgres must run as. */
export function launchBase(): string {
  const base = tmpdir()
  return process.getuid?.() === 0 && !isSearchableByAll(base) ? '/tmp' : base
}

export async function openLaunchFolder(): Promise<LaunchFolder> {
  const path = await mkdtemp(join(launchBase(), FOLDER_PREFIX))
  await chmod(path, 0o711)
  let record: LaunchRecord = { owner: identify(process.pid)!, processes: [], containers: false }
  // Synchronous, so that no moment passes between starting a process and its being on record.
  const write = (next: LaunchRecord): void => {
    record = next
    writeFileSync(join(path, `${RECORD_FILE}.new`), JSON.stringify(record))
    renameSync(join(path, `${RECORD_FILE}.new`), join(path, RECORD_FILE))
  }
  write(record)
  const guard = startGuard(path)

  return {
    path,
    name: basename(path),
    recordProcess: (pid, endBy) => {
      const identity = identify(pid)
      if (identity) write({ ...record, processes: [...record.processes, { ...identity, endBy }] })
    },
    recordContainers: () => write({ ...record, containers: true }),
    end: async () => {
      await endLaunch(path)
      await dismiss(guard)
    },
  }
}

function startGuard(folder: string): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts')
  const script = fileURLToPath(new URL(fromSource ? './guard.ts' : './guard.js', import.meta.url))
  const loader = fromSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : []
  // Detached: Ctrl-C in the owner's terminal must not reach it.
  const guard = spawn(process.execPath, [...loader, script, folder], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {}) // without a guard the next launch still cleans up
  guard.stdin?.on('error', () => {}) // it was killed: as above
  guard.unref()
  return guard
}

async function dismiss(guard: ChildProcess): Promise<void> {
  if (guard.pid === undefined || guard.exitCode !== null || guard.signalCode !== null) return
  guard.ref()
  const left = once(guard, 'exit')
  guard.stdin?.end()
  await left
}
