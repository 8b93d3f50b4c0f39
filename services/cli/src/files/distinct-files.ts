import { realpath, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { UsageError } from '../errors.js'

/**
 * Checks that a command does not write over a file that it reads: the data or the model would be lost.
 *
 * @throws {UsageError} when --output leads to the file of another option, or to stdout, on which --json prints
 */
export async function requireDistinctFiles(command: Command): Promise<void> {
  const { json, ...paths } = command.opts<Readonly<Record<string, string | undefined>>>()
  const { output } = paths
  if (json && output === '-') throw new UsageError('--json and --output - both print on stdout; give --output a file')
  const written = output === undefined ? null : await fileAt(output)
  if (written === null) return
  for (const option of READ_OPTIONS) {
    const path = paths[option]
    // `init --force` replaces the configuration that it read the connection from.
    const isReplaced = option === 'config' && command.name() === 'init'
    if (path === undefined || isReplaced || (await fileAt(path)) !== written) continue
    throw new UsageError(`--output ${output} is the file of --${option}, and would replace it; name another file`)
  }
}

/** Options that name a file to read. */
const READ_OPTIONS = ['input', 'model', 'config'] as const

/** The real path of a regular file; null: there is none, so that nothing can be lost. */
async function fileAt(path: string): Promise<string | null> {
  try {
    return (await stat(path)).isFile() ? await realpath(path) : null
  } catch {
    return null
  }
}
