import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Resolve } from './addresses.js'
import { WebhookAddressRefused } from './errors.js'
import { makePoster } from './post.js'

let connections = 0
let port = 0
let retryAfter: string | null = null
const server = http.createServer((request, response) => {
  // Each request opens its own connection, so each looks up the name.
  response.setHeader('connection', 'close')
  if (retryAfter !== null) response.writeHead(503, { 'retry-after': retryAfter })
  request.resume().on('end', () => response.end('x'.repeat(100_000)))
})
server.on('connection', () => {
  connections += 1
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => void server.close())
beforeEach(() => {
  connections = 0
  retryAfter = null
})
afterEach(() => void vi.useRealTimers())

const never = new AbortController().signal
const post = { headers: {}, body: '{}' }

function aPoster(url: string, allow = '127.0.0.1', resolve?: Resolve) {
  const poster = makePoster({ url, timeout: 5_000, allow: [allow] }, resolve)
  onTestFinished(() => poster.close())
  return poster
}

/** A resolver that returns the next of these addresses at each lookup. `hooks.invalid` is in no other DNS. */
const answering =
  (...answers: string[]): Resolve =>
  (_, done) => {
    const [address] = answers.splice(0, 1) as [string]
    done(null, [{ address, family: 4 }])
  }

test('connects to the address that was checked, and reads only the beginning of the body', async () => {
  const poster = aPoster(`http://hooks.invalid:${port}/`, '127.0.0.0/8', answering('127.0.0.1'))
  const { status, start } = await poster.post(post, never)
  expect([status, start.length, connections]).toEqual([200, 16 * 1024, 1])
})

test('a name that resolves to a permitted address first and to others later is connected to once', async () => {
  const resolve = answering('127.0.0.1', '127.0.0.2', '10.0.0.1')
  const poster = aPoster(`http://hooks.invalid:${port}/`, '127.0.0.1', resolve)
  await poster.post(post, never)
  for (const address of ['127.0.0.2', '10.0.0.1']) {
    const error = await poster.post(post, never).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(WebhookAddressRefused)
    expect(String(error)).toContain(`hooks.invalid resolves to ${address}`)
  }
  expect(connections).toBe(1)
})

test.each([
  ['seconds', '120', 120_000],
  ['an HTTP date', 'Sat, 03 Jan 2026 10:05:00 GMT', 300_000],
  ['an HTTP date in the past', 'Sat, 03 Jan 2026 09:05:00 GMT', 0],
  ['no date', 'at noon GMT', 0],
  ['no date and no number', 'later', 0],
])('a Retry-After of %s is the wait before the next attempt', async (_, header, retryAfterMs) => {
  vi.setSystemTime('2026-01-03T10:00:00Z')
  retryAfter = header
  const posted = aPoster(`http://127.0.0.1:${port}/`).post(post, never)
  await expect(posted).rejects.toMatchObject({ status: 503, retryAfterMs })
})

test('an answer that switches protocols is a failure (the attempt never ended, and blocked the webhook)', async () => {
  const switching = http.createServer()
  switching.on('request', ({ socket }) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  })
  switching.listen(0, '127.0.0.1')
  await once(switching, 'listening')
  const url = `http://127.0.0.1:${(switching.address() as AddressInfo).port}/`
  await expect(aPoster(url).post(post, never)).rejects.toThrow('connection failed')
  switching.close()
})

test('many attempts with one signal cause no warning (Node.js reported the 11th as a memory leak)', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  const poster = aPoster(`http://127.0.0.1:${port}/`)
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 11 }, () => poster.post(post, signal)))
  process.off('warning', note)
  expect(warnings).toEqual([])
})
