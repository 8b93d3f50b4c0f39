import { expect, it } from 'vitest'
import { didYouMean } from './did-you-mean.js'

const KEYS = ['alertRate', 'alertBudget', 'fdr', 'pipeline', 'contamination']

it.each([
  ['alertRat', 'alertRate'],
  ['alertrate', 'alertRate'],
  ['pipelien', 'pipeline'],
  ['contamintion', 'contamination'],
  ['alertsBudget', 'alertBudget'],
  ['fd', 'fdr'],
])('corrects %s to %s', (word, meant) => {
  expect(didYouMean(word, KEYS)).toBe(meant)
})

it('does not suggest a word of which half the letters differ', () => {
  expect(didYouMean('port', ['host', 'url', 'authentication'])).toBeUndefined()
})

it.each(['threshold', 'x', 'colour', ''])('suggests nothing for %j', (word) => {
  expect(didYouMean(word, KEYS)).toBeUndefined()
})
