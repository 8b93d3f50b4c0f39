import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FOLDER_PREFIX, isOrphan, type LaunchRecord, RECORD_FILE, sweepOrphans } from './orphans.js'
import { identify } from './process-identity.js'

const DEAD = { pid: process.pid, startedAt: 'before this process' }
const MINUTE_MS = 60_000

describe('sweepOrphans', () => {
  let base: string
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'outflow-orphans-test-'))
  })
  afterEach(() => rm(base, { recursive: true, force: true }))

  const aLaunch = async (record?: Partial<LaunchRecord>): Promise<string> => {
    const folder = await mkdtemp(join(base, FOLDER_PREFIX))
    const whole = { owner: DEAD, processes: [], containers: false, ...record }
    if (record) await writeFile(join(folder, RECORD_FILE), JSON.stringify(whole))
    return folder
  }

  it('does not end a launch whose owner runs', async () => {
    await aLaunch({ owner: identify(process.pid)! })
    expect(await sweepOrphans(base)).toEqual([])
    expect(await readdir(base)).toHaveLength(1)
  })

  it('ends the processes of a dead owner and removes the folder', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    const exited = once(child, 'exit')
    const folder = await aLaunch({ processes: [{ ...identify(child.pid!)!, endBy: 'SIGKILL' }] })
    expect(await sweepOrphans(base)).toEqual([folder])
    expect((await exited)[1]).toBe('SIGKILL')
    expect(await readdir(base)).toEqual([])
  })

  it('does not end a process that has reused a recorded process id', async () => {
    await aLaunch({ processes: [{ ...DEAD, endBy: 'SIGKILL' }] })
    await sweepOrphans(base) // DEAD has the id of this process
    expect(await readdir(base)).toEqual([])
  })

  it('keeps a folder without a record for its first minute', async () => {
    const folder = await aLaunch()
    expect(await isOrphan(folder)).toBe(false)
    expect(await isOrphan(folder, Date.now() + 2 * MINUTE_MS)).toBe(true)
  })
})
