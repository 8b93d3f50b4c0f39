import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { saslOptions } from './security.js'

test('a new password in the file is used for the next connection (services logged in with the old one until a restart)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-sasl-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, 'old\n')
  const login = saslOptions({ mechanism: 'scram-sha-512', username: 'ada', passwordFile })
  expect(login).toMatchObject({ mechanism: 'scram-sha-512', username: 'ada', password: 'old' })
  await writeFile(passwordFile, 'new\n')
  expect(login).toMatchObject({ password: 'new' })
})
