import type { Producer } from '@outflow/streams'
import { expect, it } from 'vitest'
import { feedSteadily } from './feed.js'

it('ends a steady feed with the error that aborted it', async () => {
  const failure = new AbortController()
  const producer: Producer = {
    send: async () => failure.abort(new Error('trainer: model failed its gate')),
    close: async () => {},
  }
  const message = { key: 'ATL', value: Buffer.from('{}'), truth: null }

  const feeding = feedSteadily([message, message], {
    ...{ producer, topic: 'flights', perSecond: 1, signal: failure.signal },
    onSent: () => {},
  })

  await expect(feeding).rejects.toThrow('trainer: model failed its gate')
})
