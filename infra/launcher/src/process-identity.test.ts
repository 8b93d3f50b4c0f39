import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { identify, isRunning, parseProcStat } from './process-identity.js'

const STAT = '4711 (a (b) c) S 1 4711 4711 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11'

describe('parseProcStat', () => {
  it('finds the start time after a name with blanks and brackets', () => {
    expect(parseProcStat(STAT)).toBe('987654')
  })

  it('returns undefined for a zombie', () => {
    expect(parseProcStat(STAT.replace(') S', ') Z'))).toBeUndefined()
  })
})

describe('isRunning', () => {
  it('identifies this process by its id and start time', () => {
    const self = identify(process.pid)!
    expect(isRunning(self)).toBe(true)
    expect(isRunning({ ...self, startedAt: 'another time' })).toBe(false)
  })

  it('does so in another time zone, by ps (the next launch deleted the folder of a running one)', () => {
    onTestFinished(() => void vi.unstubAllGlobals())
    onTestFinished(() => void vi.unstubAllEnvs())
    vi.stubGlobal('process', Object.create(process, { platform: { value: 'darwin' } }))
    vi.stubEnv('TZ', 'Asia/Tokyo')
    const self = identify(process.pid)!
    vi.stubEnv('TZ', 'America/New_York')
    expect(isRunning(self)).toBe(true)
  })
})
