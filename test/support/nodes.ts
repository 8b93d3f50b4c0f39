import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cachedFolder } from '../../infra/launcher/src/cached-folder.js'
import { runToEnd } from './run-outflow.js'

/** A release of each supported line of Node other than that of the test run. */
export const NODES = ['22.23.3', '24.21.0', '26.10.0'] as const

/** Installs that release from the npm package `node` into the cache folder, once, and returns the path of its binary. */
export async function nodeBinary(version: string): Promise<string> {
  const folder = await cachedFolder(`node-${version}`, async (work) => {
    await writeFile(join(work, 'package.json'), '{"private":true}')
    // Its install script fetches the package with the binary of this platform.
    const install = ['install', '--no-audit', '--no-fund', '--ignore-scripts=false', `node@${version}`]
    const ran = await runToEnd('npm', install, { cwd: work })
    if (ran.code !== 0) throw new Error(`npm did not install node@${version}:\n${ran.stderr}`)
  })
  return join(folder, 'node_modules', 'node', 'bin', 'node')
}
