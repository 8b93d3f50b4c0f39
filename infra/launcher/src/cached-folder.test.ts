import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { cachedFolder, cacheFolder } from './cached-folder.js'

it('caches under XDG_CACHE_HOME, otherwise under the home folder', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/cache', HOME: '/home/ada' })).toBe('/cache/outflow')
  expect(cacheFolder({ HOME: '/home/ada' })).toBe('/home/ada/.cache/outflow')
})

it('returns a folder that every user can read (other users could not start Kafka)', async () => {
  const home = await mkdtemp(join(tmpdir(), 'outflow-cache-test-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
  onTestFinished(() => rm(home, { recursive: true }))
  onTestFinished(() => void vi.unstubAllEnvs())
  const { mode } = await stat(await cachedFolder('tools/kafka', async () => {}))
  expect(mode & 0o777).toBe(0o755)
})

it('fills a folder while another process completes the same one (its temporary folder no longer existed)', async () => {
  const home = await mkdtemp(join(tmpdir(), 'outflow-cache-test-'))
  vi.stubEnv('XDG_CACHE_HOME', home)
  onTestFinished(() => rm(home, { recursive: true }))
  onTestFinished(() => void vi.unstubAllEnvs())
  await mkdir(join(home, 'outflow'))
  // stat fails on a link without a target as on a folder that is renamed after it was listed.
  await symlink(join(home, 'renamed'), join(home, 'outflow', 'kafka.x'))

  const folder = await cachedFolder('kafka', (fresh) => writeFile(join(fresh, 'kafka.jar'), ''))

  expect(await readdir(folder)).toEqual(['kafka.jar'])
})
