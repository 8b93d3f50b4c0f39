import { describe, expect, it } from 'vitest'
import { cacheFolder } from './cached-folder.js'
import { classPathKey, kafkaVersion } from './kafka-class-path.js'

describe('the cached class path', () => {
  it('has a key that changes with any letter of the pom', () => {
    expect(classPathKey('<project/>')).toMatch(/^kafka-[0-9a-f]{16}$/)
    expect(classPathKey('<project/>')).toBe(classPathKey('<project/>'))
    expect(classPathKey('<project />')).not.toBe(classPathKey('<project/>'))
  })

  it('is stored under XDG_CACHE_HOME, otherwise under the home folder', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/cache', HOME: '/home/ada' })).toBe('/cache/outflow')
    expect(cacheFolder({ HOME: '/home/ada' })).toBe('/home/ada/.cache/outflow')
  })
})

describe('kafkaVersion', () => {
  it('reads the version of the broker artefact', () => {
    expect(kafkaVersion('<artifactId>kafka_2.13</artifactId>\n  <version>4.1.2</version>')).toBe('4.1.2')
  })

  it('throws when the pom names no broker', () => {
    expect(() => kafkaVersion('<project/>')).toThrow('names no kafka_* artefact')
  })
})
