import { clampTime } from '@outflow/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonbText, timestampText } from './postgres-text.js'

const UNSTORABLE = /\0|\p{Surrogate}/u

describe('jsonbText', () => {
  it('returns every storable JSON value unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }), (value) => {
        fc.pre(!UNSTORABLE.test(JSON.stringify(value)) && !JSON.stringify(value).includes('\\u0000'))
        expect(JSON.parse(jsonbText(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('removes NUL and lone surrogates at any position', () => {
    const nasty = fc.string({ unit: fc.constantFrom('\0', '\ud800', '\udfff', '\\', 'u0000', '"', '😀', 'a') })
    fc.assert(
      fc.property(fc.dictionary(nasty, fc.array(nasty)), (value) => {
        const stored = JSON.parse(jsonbText(value))
        for (const text of [...Object.keys(stored), ...Object.values(stored).flat()]) {
          expect(UNSTORABLE.test(String(text))).toBe(false)
        }
      }),
    )
  })

  it('keeps a backslash before u0000, which is text and not NUL', () => {
    expect(JSON.parse(jsonbText('\\u0000'))).toBe('\\u0000')
  })

  it('replaces a value that is nested too deep for Postgres by a note', () => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels))
    expect(jsonbText(nested(500))).toBe('['.repeat(500) + ']'.repeat(500))
    expect(jsonbText(nested(501))).toContain('nested deeper than 500 levels')
    expect(jsonbText({ ok: nested(5_000) })).toContain('nested deeper than 500 levels')
  })

  it('returns null for values that JSON cannot express', () => {
    expect(jsonbText(undefined)).toBe('null')
    expect(jsonbText({ a: Number.POSITIVE_INFINITY })).toBe('{"a":null}')
  })
})

describe('timestampText', () => {
  it('clamps times that have no four-digit year', () => {
    expect(timestampText(0)).toBe('1970-01-01T00:00:00.000Z')
    expect(timestampText(9e18)).toBe('9999-12-31T23:59:59.999Z')
    expect(timestampText(-9e18)).toBe('0001-01-01T00:00:00.000Z')
    expect(timestampText(Number.NaN)).toBe('1970-01-01T00:00:00.000Z')
    expect(clampTime(Number.NEGATIVE_INFINITY)).toBe(Date.parse('0001-01-01T00:00:00.000Z'))
  })
})
