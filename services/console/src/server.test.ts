import { BrokerUnavailable } from '@outflow/streams'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ConsoleServer } from './routes/route-context.js'
import type { ServerOptions } from './server.js'
import { aServer } from './test-server.js'

let server: ConsoleServer

beforeAll(async () => {
  server = await aServer()
})
afterAll(() => server.close())

test('issue 17: a path that is not valid percent-encoding is answered with a problem', async () => {
  const answer = await server.inject({ url: '/api/models/%', headers: { host: 'localhost' } })
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(answer.json()).toMatchObject({ status: 400, title: 'Bad Request' })
})

test('a number that is not valid is answered with the text of the request (it was "received NaN")', async () => {
  const answer = await server.inject({ url: '/api/anomalies?limit=abc', headers: { host: 'localhost' } })
  expect(answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(/limit: .*received "abc"$/) })
})

test('a browser that opens an address of the API gets a problem as a page (a failed login showed JSON)', async () => {
  const headers = { host: 'localhost', accept: 'text/html,*/*' }
  const answer = await server.inject({ url: '/api/anomalies?sort=<b>', headers })
  expect(answer.statusCode).toBe(400)
  expect(answer.headers['content-type']).toMatch('text/html')
  expect(answer.body).toContain('<h1>Bad Request</h1>')
  expect(answer.body).toContain('<a href="/">')
  expect(answer.body).not.toContain('<b>')
})

test('a write without a CSRF token is answered with how to get one', async () => {
  const answer = await server.inject({
    method: 'POST',
    url: '/api/retrain',
    headers: { host: 'localhost' },
    payload: {},
  })
  expect(answer.json()).toMatchObject({
    status: 403,
    detail: expect.stringMatching(/GET \/api\/session .* x-csrf-token$/),
  })
})

test('a request that needs Kafka or the schema registry is answered with 503 while it does not answer', async () => {
  const error = new BrokerUnavailable('Kafka is not available: connect ECONNREFUSED')
  const waiting = await aServer({ read: () => Promise.reject(error) })
  const answer = await waiting.inject({ url: '/api/anomalies', headers: { host: 'localhost' } })
  expect(answer.headers['retry-after']).toBe('2')
  expect(answer.json()).toMatchObject({ status: 503, code: 'OUTFLOW_BROKER_UNAVAILABLE' })
  await waiting.close()
})

test('a server that closes completes requests in progress, and ends live lists', async () => {
  let answer!: (rules: unknown[]) => void
  const stored = new Promise<unknown[]>((resolve) => {
    answer = resolve
  })
  const asked = vi.fn(() => stored)
  const closing = await aServer({ read: asked as ServerOptions['read'] })
  const url = await closing.listen({ host: '127.0.0.1', port: 0 })
  const live = await fetch(`${url}/api/anomalies/live`)
  const response = fetch(`${url}/api/suppressions`)
  // By the live list, and by the request.
  await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(2))
  const closed = closing.close()
  await expect(live.text()).rejects.toThrow('terminated')
  answer([])
  expect((await response).status).toBe(200)
  await closed
})
