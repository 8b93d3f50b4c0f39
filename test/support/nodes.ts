import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runToEnd } from './run-outflow.js'

/** A release of each supported line of Node other than that of the test run. */
export const NODES = ['22.23.3', '24.21.0', '26.10.0'] as const

/** Installs that release from the npm package `node` into the cache folder, once, and returns the path of its binary. */
export async function nodeBinary(version: string): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'outflow')
  const folder = join(cache, `node-${version}`)
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true })
    const work = await mkdtemp(join(cache, 'node-'))
    try {
      await writeFile(join(work, 'package.json'), '{"private":true}')
      // Its install script fetches the package with the binary of this platform.
      const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${version}`]
      const ran = await runToEnd('npm', install, { cwd: work })
      if (ran.code !== 0) throw new Error(`npm did not install node@${version}:\n${ran.stderr}`)
      // Renamed last, so that a cache folder is complete or absent. Another test file may have installed the same release meanwhile.
      await rename(work, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error
      })
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
  return join(folder, 'node_modules', 'node', 'bin', 'node')
}
