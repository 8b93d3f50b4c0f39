import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { aFolder } from '../support/infrastructure.js'
import { query } from '../support/launch.laws.js'
import { childOf, isAlive } from '../support/running-processes.js'

describe('a launch whose owner is killed', () => {
  beforeEach(({ skip }) => {
    if (process.platform !== 'linux') skip('it reads /proc, which only Linux has')
  })

  // Its own temporary folder, which contains only the files of this launch.
  let temporary: string
  beforeAll(async () => {
    temporary = await aFolder()
    await chmod(temporary, 0o711)
  })

  it('is cleaned up by its guard, processes and data', async () => {
    const owner = startOwner(temporary)
    const { url } = await firstLine(owner)
    const pids = await launchedPids(temporary)
    expect(pids).toHaveLength(2)
    owner.kill('SIGKILL')
    await vi.waitFor(async () => expect(await launchFolders(temporary)).toEqual([]), { timeout: 15_000 })
    expect(pids.filter(isAlive)).toEqual([])
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED')
  })

  it('is cleaned up by the next launch when the guard was killed too', async () => {
    const owner = startOwner(temporary)
    await firstLine(owner)
    const pids = await launchedPids(temporary)
    const guard = childOf(owner.pid!, 'guard')!
    process.kill(guard, 'SIGSTOP') // it exists, but cannot clean up
    owner.kill('SIGKILL')
    await once(owner, 'exit')
    process.kill(guard, 'SIGKILL')
    expect(pids.filter(isAlive)).toEqual(pids)

    const next = startOwner(temporary)
    await firstLine(next)
    expect(pids.filter(isAlive)).toEqual([])
    next.kill('SIGKILL')
    await vi.waitFor(async () => expect(await launchFolders(temporary)).toEqual([]), { timeout: 15_000 })
  })
})

function startOwner(temporary: string): ChildProcess {
  const program = fileURLToPath(new URL('../support/launch-and-wait.mjs', import.meta.url))
  const env = { ...process.env, TMPDIR: temporary, OUTFLOW_LAUNCHER: 'embedded', KAFKA_BROKERS: '', DATABASE_URL: '' }
  return spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] })
}

async function firstLine(owner: ChildProcess): Promise<{ brokers: string[]; url: string }> {
  const [line] = await once(createInterface({ input: owner.stdout! }), 'line')
  return JSON.parse(line)
}

async function launchFolders(temporary: string): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('outflow-launch-'))
}

async function launchedPids(temporary: string): Promise<readonly number[]> {
  const records = await Promise.all(
    (await launchFolders(temporary)).map(async (name) =>
      JSON.parse(await readFile(join(temporary, name, 'launch.json'), 'utf8')),
    ),
  )
  return records.flatMap(({ processes }) => processes.map(({ pid }: { pid: number }) => pid))
}
