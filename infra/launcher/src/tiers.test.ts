import { describe, expect, it } from 'vitest'
import { parseBrokers, tiersFor } from './tiers.js'

describe('tiersFor', () => {
  it('returns only the given server for a part that has an address, and only for that part', () => {
    const env = { KAFKA_BROKERS: 'broker:9092', OUTFLOW_LAUNCHER: 'embedded' }
    expect(tiersFor('kafka', env)).toEqual(['given'])
    expect(tiersFor('postgres', env)).toEqual(['embedded'])
  })

  it('returns containers, then child processes', () => {
    expect(tiersFor('kafka', {})).toEqual(['testcontainers', 'embedded'])
    expect(tiersFor('postgres', { DATABASE_URL: '', OUTFLOW_LAUNCHER: '' })).toEqual(['testcontainers', 'embedded'])
  })

  it('throws for an unknown source, with the allowed ones', () => {
    expect(() => tiersFor('kafka', { OUTFLOW_LAUNCHER: 'docker' })).toThrow(
      "OUTFLOW_LAUNCHER is 'testcontainers' or 'embedded', got 'docker'",
    )
  })
})

describe('parseBrokers', () => {
  it('accepts blanks, a trailing comma and a host without port', () => {
    expect(parseBrokers(' one:9093, two ,')).toEqual(['one:9093', 'two:9092'])
  })
})
