import { expect, it } from 'vitest'
import { cacheFolder } from './cached-folder.js'

it('caches under XDG_CACHE_HOME, otherwise under the home folder', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/cache', HOME: '/home/ada' })).toBe('/cache/outflow')
  expect(cacheFolder({ HOME: '/home/ada' })).toBe('/home/ada/.cache/outflow')
})
