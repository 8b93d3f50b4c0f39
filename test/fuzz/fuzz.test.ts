import { describe, expect, test } from 'vitest'
import { fuzzTarget } from './fuzz-target.js'
import { type Failure, runInput } from './run-input.js'
import { loadTarget, targetNames } from './target.js'

describe('a short run of each target, issue 17', async () => {
  for (const name of await targetNames()) {
    const target = await loadTarget(name)
    const { rule, shortRun = 300 } = target
    test(`${name}: ${rule}`, async () => {
      const failures: Failure[] = []
      await target.setUp?.()
      for (let index = 0; index < shortRun && failures.length < 3; index++) {
        const { failure } = await runInput(target, name, 1, index)
        if (failure !== null) failures.push(failure)
      }
      await target.tearDown?.()
      expect(failures).toEqual([])
    })
  }
})

test('crashes, hangs and wrong values are reported with their inputs, and the run continues after them', async () => {
  const folder = new URL('test-targets/', import.meta.url).href
  const { inputs, failures } = await fuzzTarget({
    name: 'faulty',
    folder,
    seed: 1,
    seconds: 20,
    most: 5,
    stuckMs: 1_000,
  })
  expect(inputs).toBe(5)
  expect(failures).toMatchObject([
    { kind: 'wrong value', index: 1, message: 'two' },
    { kind: 'crash', index: 2, message: expect.stringContaining('three') },
    { kind: 'hang', index: 3, message: 'did not end in 1000 ms' },
  ])
  for (const { input } of failures) expect(input).toMatch(/^\d+$/)
})
