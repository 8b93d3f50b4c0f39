import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { findPostgresBinaries } from './postgres-binaries.js'

const installed = vi.hoisted(() => ({ folder: '' }))
vi.mock('node:module', () => ({ createRequire: () => ({ resolve: () => `${installed.folder}/dist/index.js` }) }))

it('copies binaries that only their owner may read for another user (Postgres did not start under umask 077)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-binaries-test-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  installed.folder = join(folder, 'package')
  await mkdir(join(installed.folder, 'native', 'bin'), { recursive: true, mode: 0o700 })
  await writeFile(join(installed.folder, 'package.json'), '{ "version": "17.10.0" }')
  await writeFile(join(installed.folder, 'native', 'pg-symlinks.json'), '[]')

  await findPostgresBinaries(join(folder, 'copy'), true)

  expect((await stat(join(folder, 'copy', 'bin'))).mode & 0o777).toBe(0o755)
})
