import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { main } from '../main.js'

it.each(['--config', '--registry'])('refuses %s with --input (it had no effect)', async (option) => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'init', '--input', 'none.csv', option, 'x', '--output', '-'])).toBe(2)
  expect(stderr.mock.calls.join('')).toMatch(/^outflow: --config and --registry connect to a topic: /)
  vi.restoreAllMocks()
})

it('names the delimiters if a CSV file has one column that no model can use (only the reason was printed)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-init-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const input = join(folder, 'loads.csv')
  await writeFile(input, `load at\n${Array.from({ length: 50 }, (_, row) => `${row} x${row}`).join('\n')}\n`)
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  onTestFinished(() => stderr.mockRestore())
  expect(await main(['node', 'outflow', 'init', '--input', input, '--output', '-'])).toBe(2)
  expect(stderr.mock.calls.join('')).toContain('; the file has one column: the first line must be the header, ')
})
