import { parseConfig } from '@outflow/contracts'
import { makeVitals } from '@outflow/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConsoleServer } from './routes/route-context.js'
import { makeServer, type ServerOptions } from './server.js'

let server: ConsoleServer

beforeAll(async () => {
  const config = parseConfig(
    {
      pipeline: 'flights',
      kafka: { brokers: 'localhost:1' },
      postgres: { url: 'postgres://localhost/outflow' },
      source: { topics: ['flights'] },
      features: [{ path: '$.delay', type: 'numeric' }],
      alerts: { topic: 'flights.alerts' },
      deadLetters: { topic: 'flights.dead' },
    },
    {},
  )
  server = await makeServer({
    config,
    pool: {} as ServerOptions['pool'],
    read: () => Promise.reject(new Error('no store')),
    vitals: makeVitals(),
    telemetry: { requestAnswered: () => {} } as Partial<ServerOptions['telemetry']> as never,
    signal: new AbortController().signal,
  })
})
afterAll(() => server.close())

test('issue 17: a path that is not valid percent-encoding is answered with a problem', async () => {
  const answer = await server.inject({ url: '/api/models/%', headers: { host: 'localhost' } })
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(answer.json()).toMatchObject({ status: 400, title: 'Bad Request' })
})
