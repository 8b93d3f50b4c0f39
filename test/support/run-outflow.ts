import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** The command from its sources: what is tested is what is in the checkout, built or not. */
const ENTRY = `${ROOT}test/support/outflow-from-source.ts`

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string | Buffer
  readonly env?: Readonly<Record<string, string>>
}

/** Runs `outflow` as a user does, in a process of its own, with pipes for its streams. */
export async function runOutflow(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', ENTRY, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
  })
  child.stdin.end(options.stdin ?? '')
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}
