import { expect, it, onTestFinished, vi } from 'vitest'
import { ComponentStartFailed } from './errors.js'
import { launchBase } from './launch-folder.js'

it('a TMPDIR that does not exist is an error with the fix (the demo ended with OUTFLOW_UNEXPECTED)', () => {
  vi.stubEnv('TMPDIR', '/no/such/folder')
  onTestFinished(() => void vi.unstubAllEnvs())
  const message = 'TMPDIR is /no/such/folder, which does not exist; create it, or set another'
  expect(launchBase).toThrow(new ComponentStartFailed(message))
})
