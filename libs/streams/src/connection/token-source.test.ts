import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BrokerLoginFailed, BrokerUnavailable } from '../errors.js'
import { makeTokenSource } from './token-source.js'

let server: Server
let asked: string[]
let answer: { status: number; body: unknown }
beforeEach(async () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
  asked = []
  answer = { status: 200, body: { access_token: 'a', expires_in: 100 } }
  server = createServer((request, response) => {
    asked.push(request.headers.authorization ?? '')
    response.writeHead(answer.status).end(JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  vi.useRealTimers()
  server.closeAllConnections()
  server.close()
})

const aSource = (secret = () => 'a secret') =>
  makeTokenSource({
    tokenEndpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    clientId: 'me:too',
    secret,
  })

test('a token is reused for four fifths of its validity, and concurrent callers share one request', async () => {
  const token = aSource()
  expect(await Promise.all([token(), token()])).toEqual(['a', 'a'])
  vi.setSystemTime(79_999)
  await token()
  expect(asked).toHaveLength(1)
  vi.setSystemTime(80_000)
  answer.body = { access_token: 'b' }
  expect(await token()).toBe('b')
  expect(asked).toHaveLength(2)
})

test('a token is renewed in time after the clock was set back (it was reused when it had expired)', async () => {
  vi.useFakeTimers({ now: 3_600_000, toFake: ['Date', 'performance'] })
  const token = aSource()
  await token()
  vi.advanceTimersByTime(80_000)
  vi.setSystemTime(0)
  await token()
  expect(asked).toHaveLength(2)
})

test('a token of short validity is renewed five seconds before it expires', async () => {
  answer.body = { access_token: 'a', expires_in: 12 }
  const token = aSource()
  await token()
  vi.setSystemTime(6_999)
  await token()
  expect(asked).toHaveLength(1)
  vi.setSystemTime(7_000)
  await token()
  expect(asked).toHaveLength(2)
})

test('the request has client and secret in the form of RFC 6749, with the current secret', async () => {
  const secrets = ['a secret', 'b%']
  const token = aSource(() => secrets.shift()!)
  await token()
  vi.setSystemTime(1e9)
  await token()
  const login = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  expect(asked).toEqual([login('me%3Atoo:a+secret'), login('me%3Atoo:b%25')])
})

test('a rejected request is reported only by its error code, and the next call requests a token again', async () => {
  const token = aSource()
  answer = { status: 401, body: { error: 'invalid_client', error_description: 'a secret is wrong' } }
  const refused = await token().catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(BrokerLoginFailed)
  expect((refused as Error).message).toMatch(/answered 401 invalid_client; check clientId/)
  expect((refused as Error).message).not.toContain('a secret')
  answer = { status: 200, body: { access_token: 'c' } }
  expect(await token()).toBe('c')
})

test('an endpoint that answers without the error code of a token endpoint may be another address', async () => {
  for (const status of [200, 404]) {
    answer = { status, body: '<html>' }
    const refused = await aSource()().catch((error: unknown) => error)
    expect(refused).toMatchObject({ fix: expect.stringContaining('kafka.sasl.tokenEndpoint') })
  }
})

test('an endpoint that is late is reported with the time', async () => {
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(AbortSignal.abort(new DOMException('late', 'TimeoutError')))
  await expect(aSource()()).rejects.toThrow('did not answer (within 5000 ms)')
  vi.restoreAllMocks()
})

test('an endpoint that fails or does not respond is a retryable error', async () => {
  answer = { status: 503, body: null }
  const failed = await aSource()().catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(BrokerUnavailable)
  expect(failed).toMatchObject({ fix: expect.stringContaining('kafka.sasl.tokenEndpoint') })
  const token = aSource()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await expect(token()).rejects.toThrow(/ECONNREFUSED.*kafka\.sasl\.tokenEndpoint/)
})
