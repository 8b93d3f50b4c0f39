import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { makeTerminal } from '../terminal.js'
import { makeDemoView } from './demo-view.js'

test('in a log, what a phase came to stands above what is said after its end', () => {
  const stderr = new PassThrough({ encoding: 'utf8' }) as unknown as NodeJS.WriteStream & { fd: 2 }
  const stdout = new PassThrough() as unknown as NodeJS.WriteStream & { fd: 1 }
  const view = makeDemoView(makeTerminal({ stdout, stderr, env: {} }), stderr)
  const fit = { label: 'fit', total: 2000, unit: 'steps', detail: '2.1 nats' }
  view.show({ ...fit, done: 800 })
  view.show({ ...fit, done: 950 })
  view.end('fit')
  view.say('model 39406064 scores from now on')
  view.close()
  expect(stderr.read()).toBe(
    'fit: 800 of 2,000 steps, 2.1 nats\nfit: 950 of 2,000 steps, 2.1 nats\nmodel 39406064 scores from now on\n',
  )
})
