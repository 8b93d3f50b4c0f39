import { expect, it, vi } from 'vitest'
import { main } from '../main.js'

it.each(['--config', '--registry'])('refuses %s with --input (it had no effect)', async (option) => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'init', '--input', 'none.csv', option, 'x', '--output', '-'])).toBe(2)
  expect(stderr.mock.calls.join('')).toMatch(/^outflow: --config and --registry connect to a topic: /)
  vi.restoreAllMocks()
})
