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
  const server = await testServer(async () => [])
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
