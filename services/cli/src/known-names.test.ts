import { expect, it } from 'vitest'
import { requireKnown } from './known-names.js'

it('an unknown name is refused with the likely one, or with all known ones', () => {
  const refusal = (name: string, known: readonly string[]) => () => requireKnown('feature', name, known)
  expect(refusal('delay', ['distance', 'delay'])).not.toThrow()
  expect(refusal('dely', ['distance', 'delay'])).toThrow('no feature is called dely; did you mean delay?')
  expect(refusal('xyz', ['distance', 'delay'])).toThrow('no feature is called xyz; known: distance, delay')
  expect(refusal('xyz', [])).toThrow('no feature is called xyz; known: none')
})
