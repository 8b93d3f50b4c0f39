import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { fitProgress } from './fit-progress.js'
import { makeProgressArea } from './progress.js'

/** The log lines of fits that report these steps of 1,000. */
function linesOf(...fits: readonly (readonly number[])[]): string[] {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = fitProgress({ progress: makeProgressArea(stream).open })
  for (const steps of fits) {
    for (const step of steps) {
      const times = { epoch: step / 100, leftMs: 1000 - step }
      progress.update({ step, maxSteps: 1000, trainNll: 2, validationNll: 3, ...times })
    }
  }
  progress.stop()
  return (stream.read() as string).split('\n').map((line) => line.split(', ')[0]!)
}

test('prints the progress of the fit', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = fitProgress({ progress: makeProgressArea(stream).open })
  const at = { step: 500, maxSteps: 2000, epoch: 7.54, leftMs: 9100 }
  progress.update({ ...at, trainNll: 2.0004, validationNll: 3 })
  expect(stream.read()).toBe(
    'fit: 500 of 2,000 steps, epoch 7.5, train 2.000, validation 3.000 nats, at most 10 s left\n',
  )
})

test('labels a repeated fit from its first step on', () => {
  expect(linesOf([50, 800, 850], [50, 900])).toEqual([
    'fit: 50 of 1,000 steps',
    'fit: 800 of 1,000 steps',
    'fit: 850 of 1,000 steps',
    'fit again: 50 of 1,000 steps',
    'fit again: 900 of 1,000 steps',
    '',
  ])
})
