import { describe, expect, it } from 'vitest'
import { parseBrokers, tiersFor } from './tiers.js'

describe('tiersFor', () => {
  it('takes a given address as the only way, for its part alone', () => {
    const env = { KAFKA_BROKERS: 'broker:9092', OUTFLOW_LAUNCHER: 'embedded' }
    expect(tiersFor('kafka', env)).toEqual(['given'])
    expect(tiersFor('postgres', env)).toEqual(['embedded'])
  })

  it('tries containers, then processes of our own', () => {
    expect(tiersFor('kafka', {})).toEqual(['testcontainers', 'embedded'])
    expect(tiersFor('postgres', { DATABASE_URL: '', OUTFLOW_LAUNCHER: '' })).toEqual(['testcontainers', 'embedded'])
  })

  it('refuses a way that there is not, and names those that there are', () => {
    expect(() => tiersFor('kafka', { OUTFLOW_LAUNCHER: 'docker' })).toThrow(
      "OUTFLOW_LAUNCHER is 'testcontainers' or 'embedded', got 'docker'",
    )
  })
})

describe('parseBrokers', () => {
  it('takes blanks, a trailing comma and a host without port', () => {
    expect(parseBrokers(' one:9093, two ,')).toEqual(['one:9093', 'two:9092'])
  })
})
