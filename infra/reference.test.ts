import { readFileSync } from 'node:fs'
import { HEALTH_EVENT_KINDS } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { configurationReference, REFERENCE } from './reference.js'

it('documents every configuration key: npm run docs:reference brings the page up to date', () => {
  expect(readFileSync(REFERENCE, 'utf8')).toBe(configurationReference())
})

it('documents every kind of health event', () => {
  const page = readFileSync(new URL('../docs/operations/health-events.md', import.meta.url), 'utf8')
  expect(Object.keys(HEALTH_EVENT_KINDS).filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})
