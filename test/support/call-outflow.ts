import { Readable } from 'node:stream'
import { main } from '@outflow/cli'
import { vi } from 'vitest'
import type { Ran, RunOptions } from './run-outflow.js'

/** Runs `outflow` to its end in this process, for many consecutive runs; `runOutflow` starts a process as a user does. */
export async function callOutflow(args: readonly string[], { stdin = '', env = {} }: RunOptions = {}): Promise<Ran> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(stdin)]) as typeof process.stdin)
  const [stdout, stderr] = ([process.stdout, process.stderr] as const).map((stream) =>
    vi.spyOn(stream, 'write').mockReturnValue(true),
  )
  const written = (spy = stdout) => spy!.mock.calls.map(([text]) => String(text)).join('')
  try {
    const code = await main(['node', 'outflow', ...args])
    return { code, stdout: written(stdout), stderr: written(stderr) }
  } finally {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
  }
}
