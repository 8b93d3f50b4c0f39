import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { fitProgress } from './fit-progress.js'
import { makeProgressArea } from './progress.js'

test('prints the progress of the fit, and labels a repeated one from its first step on', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = fitProgress({ progress: makeProgressArea(stream, {}).open })
  for (const step of [50, 800, 850, 50, 900])
    progress.update({ step, maxSteps: 1000, epoch: 7.54, trainNll: 2.0004, validationNll: 3, leftMs: 9100 })
  progress.stop()
  const figures = 'epoch 7.5, train 2.000, validation 3.000 nats, at most 10 s left'
  expect(stream.read()).toBe(
    ['fit: 50', 'fit: 800', 'fit: 850', 'fit again: 50', 'fit again: 900']
      .map((label) => `${label} of 1,000 steps, ${figures}\n`)
      .join(''),
  )
})
