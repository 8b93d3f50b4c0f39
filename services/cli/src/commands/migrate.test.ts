import { expect, it, vi } from 'vitest'
import { main } from '../main.js'

it('applies migrations to the database of outflow.yaml, as other commands do (it used DATABASE_URL, and neither its TLS nor its password file)', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://127.0.0.1:1/another')
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'migrate'])).toBe(2)
  expect(stderr.mock.calls.join('')).toContain('cannot read the configuration outflow.yaml: there is no such file')
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
