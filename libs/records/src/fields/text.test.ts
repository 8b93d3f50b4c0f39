import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureText } from './text.js'

describe('a text', () => {
  it('is measured by its length and by shares of its characters', () => {
    const { numbers, shape } = measureText('Gate 12-B, NOW')
    expect(shape).toBe('Aa 9-A, A')
    expect(numbers.map((number) => Number(number.toFixed(3)))).toEqual([14, 0.143, 0.357, 0.143, 0.143, 0.929])
  })

  it('has a shape of at most 12 symbols, in any script', () => {
    expect(measureText('ab12'.repeat(50)).shape).toBe('a9a9a9a9a9a9…')
    expect(measureText('Čeština é').shape).toBe('Aa a')
    expect(measureText('----').shape).toBe('----')
  })

  it('is measured over 4,096 characters, except for its length', () => {
    const { numbers } = measureText(`${'a'.repeat(4_096)}${'1'.repeat(9_000)}`)
    expect(numbers).toEqual([13_096, 0, 0, 0, 0, 1 / 4_096])
  })

  it('gives finite shares for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }), (text) => {
        const [length, ...shares] = measureText(text).numbers
        expect(length).toBe(text.length)
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
      }),
    )
  })
})
