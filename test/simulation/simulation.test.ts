import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// In separate processes, because a simulation replaces the timers of its process.
async function simulate(...options: string[]): Promise<string> {
  const program = new URL('simulate.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', '--conditions=source', program],
    ...options,
  ])
  return stdout
}

test('issue 23: in 200 worlds with faults, each record counts once and each alert is sent once', async () => {
  expect(JSON.parse(await simulate('--seeds', '200', '--json'))).toMatchObject({ seeds: 200, failedSeeds: [] })
}, 600_000)

test('seeds that failed once pass: README.md has the defects that they found', async () => {
  const seeds = ['208', '230', '246', '341', '703', '784', '1164', '1178', '3037', '3053', '6532', '30187', '70015']
  expect(JSON.parse(await simulate(...seeds, '--json'))).toMatchObject({ seeds: 13, failedSeeds: [] })
}, 120_000)

test('ten runs of a seed have the same events', async () => {
  expect(await simulate('--replay', '107')).toContain('1 different traces')
}, 60_000)
