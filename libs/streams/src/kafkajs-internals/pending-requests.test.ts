import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkOnlyPendingRequests } from './pending-requests.js'

const require = createRequire(import.meta.url)
const RequestQueue = require('kafkajs/src/network/requestQueue')
const InstrumentationEmitter = require('kafkajs/src/instrumentation/emitter')

function makeQueue(maxInFlightRequests: number | null) {
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  return new RequestQueue({
    instrumentationEmitter: new InstrumentationEmitter(),
    maxInFlightRequests,
    requestTimeout: 50_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'localhost:9092',
    logger: { namespace: () => log, ...log },
    isConnected: () => true,
  })
}

function push(queue: { push(request: object): void }, correlationId: number, sendRequest: () => void): void {
  const entry = { correlationId, apiKey: 0, apiVersion: 0, apiName: 'test', resolve() {}, reject() {} }
  queue.push({ entry, expectResponse: true, requestTimeout: 50_000, sendRequest })
}

beforeEach(() => {
  checkOnlyPendingRequests()
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

test('a connection without pending requests starts no timer', () => {
  const queue = makeQueue(null)
  push(queue, 1, () => {})
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(vi.getTimerCount()).toBe(0)
})

test('a request that waits for the previous one is sent after it, and a throttled request after the throttle time', () => {
  const queue = makeQueue(1)
  const sent: number[] = []
  for (const id of [1, 2]) push(queue, id, () => sent.push(id))
  expect(sent).toEqual([1])
  queue.fulfillRequest({ correlationId: 1, payload: null, size: 0 })
  expect(sent).toEqual([1, 2])
  queue.fulfillRequest({ correlationId: 2, payload: null, size: 0 })

  queue.maybeThrottle(500)
  push(queue, 3, () => sent.push(3))
  vi.advanceTimersByTime(400)
  expect(sent).toEqual([1, 2])
  vi.advanceTimersByTime(200)
  expect(sent).toEqual([1, 2, 3])
  queue.destroy()
})
