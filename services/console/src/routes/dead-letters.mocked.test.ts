import type { Client } from '@outflow/store'
import { expect, test, vi } from 'vitest'
import type { resendDeadLetters } from '../dead-letters/resend.js'
import { testServer } from '../test-server.js'

vi.mock('../login/audit.js', () => ({
  withAudit: (_pool: never, _user: never, _act: never, action: () => unknown) => action(),
}))
vi.mock('../dead-letters/resend.js', () => ({
  resendDeadLetters: (async (_pool, _config, _letters, { signal }) => {
    throw signal.reason
  }) satisfies typeof resendDeadLetters,
}))

test('a resend that takes too long is answered with 503 and what to do (it was an unexpected error)', async () => {
  const server = await testServer(async () => [{ topic: 'flights', partition: 0, offset: 7n }])
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new DOMException('took too long', 'TimeoutError')))

  const answer = await server.inject({
    method: 'POST',
    url: '/api/dead-letters/resend',
    headers: { 'sec-fetch-site': 'same-origin' },
    payload: { positions: [{ topic: 'flights', partition: 0, offset: '7' }] },
  })

  vi.restoreAllMocks()
  await server.close()
  expect(answer.json()).toMatchObject({ status: 503, detail: expect.stringContaining('select newer ones') })
})

test('dead letters to resend are read by one statement, and one that is not stored is named (each was read by one of its own)', async () => {
  const query = vi.fn(async () => ({ rows: [{ topic: 'flights', partition: 0, offset: 7n }] }))
  const server = await testServer((read) => read({ query } as unknown as Client))

  const answer = await server.inject({
    method: 'POST',
    url: '/api/dead-letters/resend',
    headers: { 'sec-fetch-site': 'same-origin' },
    payload: { positions: ['7', '8', '9'].map((offset) => ({ topic: 'flights', partition: 0, offset })) },
  })

  await server.close()
  expect(query).toHaveBeenCalledOnce()
  expect(answer.json()).toMatchObject({ status: 404, detail: 'there is no dead letter flights/0/8 of flights' })
})
