import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { makeProgress } from './progress.js'

it('writes a line a tenth of the way in a pipe, and the last state once', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = makeProgress({ label: 'fit', total: 2000, unit: 'steps' }, stream)
  for (let step = 50; step <= 1050; step += 50) progress.update(step, `validation ${step}`)
  progress.stop()
  progress.stop()
  const lines: string[] = stream.read().trimEnd().split('\n')
  expect(lines[0]).toBe('fit: 50 of 2,000 steps, validation 50')
  expect(lines.at(-1)).toBe('fit: 1,050 of 2,000 steps, validation 1050')
  expect(lines).toHaveLength(7)
})

it('writes a line every five seconds where the end is not known', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  let now = 0
  const progress = makeProgress({ label: 'score', total: null, unit: 'rows' }, stream, () => now)
  for (; now <= 12_000; now += 1000) progress.update(now)
  progress.stop()
  expect(stream.read()).toBe('score: 5,000 rows\nscore: 10,000 rows\nscore: 12,000 rows\n')
})
