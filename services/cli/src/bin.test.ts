import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../bin/', import.meta.url))

let folder: string
let program: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-bin-'))
  await cp(BIN, join(folder, 'bin'), { recursive: true })
  program = join(folder, 'bin', 'outflow.js')
})
afterEach(() => rm(folder, { recursive: true }))

it('a checkout that is not built names the command that builds it', async () => {
  const run = promisify(execFile)(process.execPath, [program, '--help'])
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: 'outflow is not built; run `npm run build` first\n',
  })
})

/** Starts a command with another main module, and sends a signal at its first output. @returns exit code and signal */
async function signalled(
  signal: NodeJS.Signals,
  main: string,
  { command = 'run', options = [] as readonly string[] } = {},
): Promise<unknown[]> {
  await mkdir(join(folder, 'dist'), { recursive: true })
  await writeFile(join(folder, 'dist', 'index.js'), main)
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const child = spawn(process.execPath, [...options, program, command], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill(signal)
  return once(child, 'exit')
}

const LOADING = "setInterval(() => {}, 1_000); process.stdout.write('loading'); await new Promise(() => {})"

it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  'ends with 0 when %s comes while a service is loaded',
  async (signal) => {
    expect(await signalled(signal, LOADING)).toEqual([0, null])
  },
)

it('ends any command as process 1 of a container, which has no default action for signals (it went on)', async () => {
  const asProcess1 = 'data:text/javascript,Object.defineProperty(process, "pid", { value: 1 })'
  expect(await signalled('SIGTERM', LOADING, { command: 'migrate' })).toEqual([null, 'SIGTERM'])
  expect(await signalled('SIGTERM', LOADING, { command: 'migrate', options: ['--import', asProcess1] })).toEqual([
    1,
    null,
  ])
})

it('leaves the signal to a service that handles it', async () => {
  const serving = `export const main = () => new Promise((resolve) => {
    setInterval(() => {}, 1_000)
    process.on('SIGTERM', () => resolve(7))
    process.stdout.write('serving')
  })`
  expect(await signalled('SIGTERM', serving)).toEqual([7, null])
})
