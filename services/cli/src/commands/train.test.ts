import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

it('prints no warning about severities, which the scores of files do not have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [input, output] = [join(folder, 'in.csv'), join(folder, 'model')]
  const rows = Array.from({ length: 400 }, (_, row) => 'abc'[(row * row) % 3])
  await writeFile(input, ['kind', ...rows].join('\n'))
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'train', '--input', input, '--output', output])).toBe(0)
  const printed = stderr.mock.calls.join('')
  vi.restoreAllMocks()
  expect(printed).toContain('smallest counted p-value 0.0083')
  expect(printed).not.toContain('warning')
})

it('a signal ends it while it waits for stdin, and no partial model is left (it waited on)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-train-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const silent = new Readable({ read: () => void process.emit('SIGTERM', 'SIGTERM') })
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(silent as typeof process.stdin)
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
  expect(await main(['node', 'outflow', 'train', '--input', '-', '--output', join(folder, 'model')])).toBe(1)
  expect(stderr.mock.calls.join('')).toBe('outflow: ended by SIGTERM\n')
  expect(await readdir(folder)).toEqual([])
})
