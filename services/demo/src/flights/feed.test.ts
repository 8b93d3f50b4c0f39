import type { Producer } from '@outflow/streams'
import { expect, it } from 'vitest'
import { feed } from './feed.js'

it('ends a steady feed with the error that aborted it', async () => {
  const failure = new AbortController()
  const producer: Producer = {
    send: async () => failure.abort(new Error('trainer: model failed its gate')),
    close: async () => {},
  }
  const message = { key: 'ATL', value: Buffer.from('{}'), truth: null }

  const feeding = feed([message, message], {
    ...{ producer, topic: 'flights', perSecond: 1, signal: failure.signal },
    onSent: () => {},
  })

  await expect(feeding).rejects.toThrow('trainer: model failed its gate')
})

it('sends every message once and in order without a pace, and reports how many were sent', async () => {
  const keys: string[] = []
  const producer: Producer = {
    send: async (batch) => void keys.push(...batch.map(({ key }) => String(key))),
    close: async () => {},
  }
  const messages = Array.from({ length: 501 }, (_, index) => ({ key: `${index}`, value: null, truth: null }))
  const sent: number[] = []

  await feed(messages, {
    producer,
    topic: 'flights',
    signal: new AbortController().signal,
    onSent: (n) => sent.push(n),
  })

  expect(keys).toEqual(messages.map(({ key }) => key))
  expect(sent).toEqual([500, 501])
})
