import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import type { Readable, Writable } from 'node:stream'
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
  return outcomeOf(child)
}

/** Starts `outflow`, with the Node.js that runs the tests; the caller ends it. */
export function spawnOutflow(args: readonly string[], env: RunOptions['env'] = {}) {
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`
  return spawn(OUTFLOW, args, { cwd: ROOT, env: { ...process.env, PATH, ...env } })
}

/** Runs a program to its end in `cwd`, without the environment variables that `npm test` sets. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ran> {
  const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const child = spawn(command, [...args], { cwd, env: { ...outside, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  return outcomeOf(child)
}

async function outcomeOf(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Promise<Ran> {
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code, stdout, stderr }
}
