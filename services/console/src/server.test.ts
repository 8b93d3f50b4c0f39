import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConsoleServer } from './routes/route-context.js'
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
