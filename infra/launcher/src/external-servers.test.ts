import { describe, expect, it } from 'vitest'
import { addressOf } from './external-servers.js'

describe('addressOf', () => {
  it('names host, port and database, and neither user nor password', () => {
    expect(addressOf('postgres://ada:secret@db.example:5433/flights')).toBe('db.example:5433/flights')
  })

  it('shows the form of a URL that is none, without repeating it', () => {
    expect(() => addressOf('host=db password=secret')).toThrow(/^DATABASE_URL is postgres:\/\/user:password@host/)
  })
})
