import { readFileSync } from 'node:fs'
import { HEALTH_EVENT_KINDS } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { generatedPages } from './reference.js'

it('documents every key, command, error code, event, metric, analyst view and benchmark: npm run docs:reference updates the pages', async () => {
  for (const [file, text] of await generatedPages()) expect(readFileSync(file, 'utf8'), file).toBe(text)
})

it('names on the page of failure modes only log events, health events and error codes that exist', () => {
  const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  const known = `${read('docs/reference/telemetry.md')}${read('docs/operations/health-events.md')}${read('docs/reference/errors.md')}`
  const seen = read('docs/operations/failure-modes.md')
    .split('\n')
    .flatMap((line) => line.split(' | ')[1]?.match(/`[a-zA-Z_ ]+`/g) ?? [])
    .filter((name) => !NO_EVENTS.has(name))
  expect(seen.length).toBeGreaterThan(25)
  expect(seen.filter((name) => !known.includes(name))).toEqual([])
})

/** Fields, commands and messages. */
const NO_EVENTS = new Set(['`no relay leads`', '`doctor`', '`failures`', '`status`', '`rejected`'])

it('documents every kind of health event', () => {
  const page = readFileSync(new URL('../docs/operations/health-events.md', import.meta.url), 'utf8')
  expect(Object.keys(HEALTH_EVENT_KINDS).filter((kind) => !page.includes(`\`${kind}\``))).toEqual([])
})
