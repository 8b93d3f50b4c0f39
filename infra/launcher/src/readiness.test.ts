import { describe, expect, it, vi } from 'vitest'
import { type Readiness, untilReady } from './readiness.js'

const aWait = (over: Partial<Readiness>): Readiness => ({
  what: 'Kafka on 127.0.0.1:1',
  probe: () => Promise.reject(new Error('connection refused')),
  ended: async () => undefined,
  timeoutMs: 100,
  onProgress: () => {},
  ...over,
})

describe('untilReady', () => {
  it('returns at the first answer', async () => {
    const probe = vi.fn().mockRejectedValueOnce(new Error('not yet')).mockResolvedValue(undefined)
    await untilReady(aWait({ probe }))
    expect(probe).toHaveBeenCalledTimes(2)
  })

  it('throws when the server has ended, with how it ended', async () => {
    const ended = async () => 'exit 1'
    await expect(untilReady(aWait({ ended }))).rejects.toThrow('Kafka on 127.0.0.1:1 ended before it answered: exit 1')
  })

  it('throws after the timeout, with the error of the last probe', async () => {
    await expect(untilReady(aWait({}))).rejects.toThrow('did not answer within 0.1 s: connection refused')
  })

  it('throws the reason of an abort', async () => {
    const signal = AbortSignal.abort(new Error('Ctrl-C'))
    await expect(untilReady(aWait({ signal }))).rejects.toThrow('Ctrl-C')
  })
})
