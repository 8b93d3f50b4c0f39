import { StatementCancelled, StoreUnavailable } from '@outflow/store'
import { BrokerUnavailable, TopicUnknown } from '@outflow/streams'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { ConsoleServer } from './routes/route-context.js'
import { testServer } from './test-server.js'

const noStore = () => Promise.reject(new Error('no store'))

let server: ConsoleServer

beforeAll(async () => {
  server = await testServer(noStore)
})
afterAll(() => server.close())

test('issue 17: a path that is not valid percent-encoding is answered with a problem', async () => {
  const answer = await server.inject('/api/models/%')
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(answer.json()).toMatchObject({ status: 400, title: 'Bad Request' })
})

test('a number that is not valid is answered with the text of the request (it was "received NaN")', async () => {
  const answer = await server.inject('/api/anomalies?limit=abc')
  expect(answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(/limit: .*received "abc"$/) })
})

test('the description has a cursor and an offset of an answer as the texts that they are (an object, and any value)', async () => {
  const { paths, components } = (await server.inject('/api/openapi.json')).json()
  const page = (path: string) => paths[path].get.responses[200].content['application/json'].schema.properties
  expect(page('/api/anomalies').next.anyOf).toEqual([{ type: 'string', maxLength: 2_000 }, { type: 'null' }])
  expect(page('/api/dead-letters').next).toEqual(page('/api/anomalies').next)
  expect(components.schemas.AnomalySummary.properties.offset).toMatchObject({ type: 'string' })
  expect(components.schemas.AnomalySummary.properties.recordTime).toMatchObject({ type: 'string', format: 'date-time' })
})

test('a browser that opens an address of the API gets a problem as a page (a failed login showed JSON)', async () => {
  const answer = await server.inject({ url: '/api/anomalies?sort=<b>', headers: { accept: 'text/html,*/*' } })
  expect(answer.statusCode).toBe(400)
  expect(answer.headers['content-type']).toMatch('text/html')
  expect(answer.body).toContain('<h1>Bad Request</h1>')
  expect(answer.body).toContain('<a href="/">')
  expect(answer.body).not.toContain('<b>')
})

test('a console with TLS demands it for its own name alone (also for the names below it, whose servers may have none)', async () => {
  const secure = await testServer(noStore, { url: 'https://outflow.example' })
  const answer = await secure.inject({ url: '/api/session', headers: { host: 'outflow.example' } })
  expect(answer.headers['strict-transport-security']).toBe('max-age=31536000')
  await secure.close()
})

test.each(['127.0.0.2:9404', 'localhost', '[::1]:9404'])(
  'requests to the loopback address %s are accepted (127.0.0.2 was refused with 421)',
  async (host) => {
    const answer = await server.inject({ url: '/api/session', headers: { host } })
    expect(answer.statusCode).toBe(200)
  },
)

test('a foreign host name that resolves to its address is rejected', async () => {
  const answer = await server.inject({ url: '/api/session', headers: { host: 'evil.example:80' } })
  expect(answer.statusCode).toBe(421)
})

test.each([
  [{ 'sec-fetch-site': 'same-origin' }, true],
  [{ 'sec-fetch-site': 'none' }, true],
  [{ 'sec-fetch-site': 'same-site', origin: 'http://localhost' }, false],
  [{ 'sec-fetch-site': 'cross-site', origin: 'http://localhost' }, false],
  [{ origin: 'http://localhost' }, true],
  [{ origin: 'http://localhost:81' }, false],
  [{ origin: 'http://localhost.evil.example' }, false],
  [{ origin: 'null' }, false],
  [{}, false],
])('issue 17: a write or a DELETE of a browser with the headers %j is accepted: %s', async (headers, isAccepted) => {
  for (const [method, url] of [
    ['POST', '/api/retrain'],
    ['DELETE', '/api/suppressions/1'],
    ['DELETE', '/api/session'],
  ] as const) {
    const answer = await server.inject({ method, url, headers: { host: 'localhost', ...headers }, payload: { x: 1 } })
    if (isAccepted) expect(answer.statusCode).not.toBe(403)
    else expect(answer.json()).toMatchObject({ status: 403, detail: expect.stringContaining('Sec-Fetch-Site') })
  }
})

test('requests without a login count against the limit of their address (guesses of a token did not)', async () => {
  const token = { name: 'ada', role: 'analyst', sha256: '0'.repeat(64) }
  const guarded = await testServer(noStore, { authentication: { tokens: [token] } })
  const guess = () => guarded.inject({ url: '/api/session', headers: { authorization: 'Bearer guess' } })
  for (const left of ['7199', '7198']) {
    const { statusCode, headers } = await guess()
    expect([statusCode, headers['x-ratelimit-remaining']]).toEqual([401, left])
  }
  await guarded.close()
})

test('a request that needs Kafka or the schema registry is answered with 503 while it does not answer', async () => {
  const error = new BrokerUnavailable('Kafka is not available: connect ECONNREFUSED')
  const waiting = await testServer(() => Promise.reject(error))
  const answer = await waiting.inject('/api/anomalies')
  expect(answer.headers['retry-after']).toBe('2')
  expect(answer.json()).toMatchObject({ status: 503, code: 'OUTFLOW_BROKER_UNAVAILABLE' })
  await waiting.close()
})

test.each([
  [new StoreUnavailable('timeout exceeded when trying to connect'), 'other requests use all connections', '2'],
  [new StatementCancelled('canceling statement due to statement timeout'), 'choose a shorter span', undefined],
  [new TopicUnknown(['parcels']), 'topic parcels does not exist', undefined],
])('%o is answered with 503, and with Retry-After only if it may pass', async (error, detail, retryAfter) => {
  const failing = await testServer(() => Promise.reject(error))
  const answer = await failing.inject('/api/anomalies')
  expect(answer.json()).toMatchObject({ status: 503, detail: expect.stringContaining(detail) })
  expect(answer.headers['retry-after']).toBe(retryAfter)
  await failing.close()
})

test('a server that closes completes requests in progress', async () => {
  let answer!: (rules: unknown[]) => void
  const stored = new Promise<unknown[]>((resolve) => {
    answer = resolve
  })
  const asked = vi.fn(() => stored)
  const closing = await testServer(asked)
  // Not earlier: a response that is sent before the server begins to close keeps its connection.
  closing.addHook('preClose', async () => answer([]))
  const url = await closing.listen({ host: '127.0.0.1', port: 0 })
  const response = fetch(`${url}/api/suppressions`)
  await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce())
  const closed = closing.close()
  expect((await response).status).toBe(200)
  await closed
})
