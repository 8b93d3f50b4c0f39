import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { fitProgress } from './fit-progress.js'
import { makeProgressArea } from './progress.js'

/** What a log gets of fits that report these steps of 1,000. */
function linesOf(...fits: readonly (readonly [flow: number, flows: number, steps: readonly number[]])[]): string[] {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = fitProgress({ progress: makeProgressArea(stream).open })
  for (const [flow, flows, steps] of fits) {
    for (const step of steps) {
      const times = { epoch: step / 100, leftMs: 1000 - step }
      progress.update({ flow, flows, step, maxSteps: 1000, trainNll: 2, validationNll: 3, ...times })
    }
  }
  progress.stop()
  return (stream.read() as string).split('\n').map((line) => line.split(', ')[0]!)
}

test('says how far the fit is', () => {
  const stream = new PassThrough({ encoding: 'utf8' })
  const progress = fitProgress({ progress: makeProgressArea(stream).open })
  const at = { step: 500, maxSteps: 2000, epoch: 7.54, leftMs: 9100 }
  progress.update({ ...at, flow: 1, flows: 1, trainNll: 2.0004, validationNll: 3 })
  expect(stream.read()).toBe(
    'fit: 500 of 2,000 steps, epoch 7.5, train 2.000, validation 3.000 nats, at most 10 s left\n',
  )
})

test('counts the flows where there are several', () => {
  expect(linesOf([1, 2, [500, 1000]], [2, 2, [500]])).toEqual([
    'fit 1/2: 500 of 1,000 steps',
    'fit 1/2: 1,000 of 1,000 steps',
    'fit 2/2: 500 of 1,000 steps',
    '',
  ])
})

test('says from the first step on that a flow is fitted again', () => {
  expect(linesOf([1, 1, [50, 800, 850]], [1, 1, [50, 900]])).toEqual([
    'fit: 50 of 1,000 steps',
    'fit: 800 of 1,000 steps',
    'fit: 850 of 1,000 steps',
    'fit again: 50 of 1,000 steps',
    'fit again: 900 of 1,000 steps',
    '',
  ])
})
