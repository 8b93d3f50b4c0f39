import { readFileSync } from 'node:fs'
import { HEALTH_EVENT_KINDS } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { generatedPages } from './reference.js'

it('documents every configuration key, command option and analyst view: npm run docs:reference brings the pages up to date', async () => {
  for (const [file, text] of await generatedPages()) expect(readFileSync(file, 'utf8'), file).toBe(text)
})

it('documents every kind of health event', () => {
  const page = readFileSync(new URL('../docs/operations/health-events.md', import.meta.url), 'utf8')
  expect(Object.keys(HEALTH_EVENT_KINDS).filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})
