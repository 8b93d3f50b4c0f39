import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configurationReference, REFERENCE } from './reference.js'

it('documents every configuration key: npm run docs:reference brings the page up to date', () => {
  expect(readFileSync(REFERENCE, 'utf8')).toBe(configurationReference())
})
