import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The built command, made by `npm run build`. */
const OUTFLOW = `${ROOT}services/cli/bin/outflow.js`

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `outflow` to its end as a user does, in a child process with pipes for its streams. */
export async function runOutflow(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawnOutflow(args, options.env)
  child.stdin.end(options.stdin ?? '')
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}

/** Starts `outflow`; the caller ends it. */
export function spawnOutflow(args: readonly string[], env: RunOptions['env'] = {}) {
  return spawn(process.execPath, [OUTFLOW, ...args], { cwd: ROOT, env: { ...process.env, ...env } })
}
