import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const BIN = fileURLToPath(new URL('../bin/', import.meta.url))

it('a checkout that is not built names the command that builds it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-unbuilt-'))
  try {
    await cp(BIN, join(folder, 'bin'), { recursive: true })
    const run = promisify(execFile)(process.execPath, [join(folder, 'bin', 'outflow.js'), '--help'])
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: 'outflow is not built; run `npm run build` first\n',
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})
