import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NULL_HEADER } from '../kafkajs-internals/null-header.js'
import { requestsOf } from './producer.js'

const message = fc.record({
  topic: fc.constantFrom('a', 'b'),
  key: fc.option(fc.string()),
  value: fc.option(fc.nat(300_000).map((size) => 'x'.repeat(size))),
})

describe('requestsOf', () => {
  it('sends every message once, in order per topic, in requests of half a MiB', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 12 }), (messages) => {
        const requests = requestsOf(messages)
        for (const topic of ['a', 'b']) {
          const sent = requests.flat().filter((part) => part.topic === topic)
          expect(sent.flatMap((part) => part.messages.map(({ value }) => value))).toEqual(
            messages.filter((one) => one.topic === topic).map(({ value }) => value),
          )
        }
        for (const request of requests) {
          const sizes = request.flatMap((part) => part.messages.map(({ value }) => value?.length ?? 0))
          expect(sizes.length === 1 || sizes.reduce((sum, size) => sum + size, 0) <= 512 * 1024).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('sends a message above the budget alone', () => {
    const large = 'x'.repeat(2 * 1024 ** 2)
    const requests = requestsOf(['small', large, 'small'].map((value) => ({ topic: 'a', key: null, value })))
    expect(requests.map((request) => request[0]!.messages.length)).toEqual([1, 1, 1])
  })

  it('keeps partition, timestamp and headers', () => {
    const [request] = requestsOf([
      { topic: 'a', key: 'k', value: null, partition: 3, timestampMs: 5, headers: [['h', Buffer.from([0])]] },
    ])
    expect(request).toEqual([
      {
        topic: 'a',
        messages: [{ key: 'k', value: null, partition: 3, timestamp: '5', headers: { h: [Buffer.from([0])] } }],
      },
    ])
  })

  it('issue 17.17: sends headers of any name, null values and repeated names', () => {
    const headers = [
      ['__proto__', 'a'],
      ['constructor', null],
      ['__proto__', 'b'],
    ] as const
    const [request] = requestsOf([{ topic: 'a', key: null, value: null, headers }])
    const sent = request![0]!.messages[0]!.headers!
    expect(Object.entries(sent)).toEqual([
      ['__proto__', ['a', 'b']],
      ['constructor', [NULL_HEADER]],
    ])
  })

  it('returns no request for no messages', () => {
    expect(requestsOf([])).toEqual([])
  })
})
