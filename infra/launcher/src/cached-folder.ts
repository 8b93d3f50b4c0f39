import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Environment } from './tiers.js'

const ABANDONED_AFTER_MS = 3_600_000

/**
 * Returns the folder of this name in the user's cache; `fill` fills it once.
 *
 * It is filled as a temporary folder that is then renamed, so that concurrent or killed processes leave either a complete folder or none.
 */
export async function cachedFolder(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(process.env), name)
  if (existsSync(folder)) return folder
  await mkdir(dirname(folder), { recursive: true })
  await removeAbandoned(dirname(folder), `${basename(folder)}.`)
  const work = await mkdtemp(`${folder}.`)
  try {
    await fill(work)
    await chmod(work, 0o755) // mkdtemp admits only its owner
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error // otherwise another process has filled the same one
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return folder
}

/** The user's cache for outflow. @see XDG Base Directory Specification */
export function cacheFolder(env: Environment): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'outflow')
}

/** Removes temporary folders of processes that were killed while they filled them. */
async function removeAbandoned(cache: string, prefix: string): Promise<void> {
  for (const name of await readdir(cache)) {
    if (!name.startsWith(prefix)) continue
    const path = join(cache, name)
    // Another process may have renamed or removed it since.
    const stats = await stat(path).catch(() => null)
    if (stats === null) continue
    if (Date.now() - stats.mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}
