import { describe, expect, it } from 'vitest'
import { addressOf } from './external-servers.js'

describe('addressOf', () => {
  it('returns host, port and database without user and password', () => {
    expect(addressOf('postgres://ada:secret@db.example:5433/flights')).toBe('db.example:5433/flights')
  })

  it('throws for an invalid URL, without repeating it', () => {
    expect(() => addressOf('host=db password=secret')).toThrow(/^DATABASE_URL is postgres:\/\/user:password@host/)
  })
})
