import { exampleEvent } from '@outflow/alerting'
import { type WebhookError, WebhookFailed, WebhookRefused } from '@outflow/alerting/webhooks'
import type { Webhook } from '@outflow/contracts'
import type { WaitingDelivery } from '@outflow/store/webhooks'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type DeliveryEffects, deliverTo, makeBreaker, waitAfter } from './deliver.js'

const webhook: Webhook = {
  ...{ name: 'pager', url: 'https://hooks.example/T0/secret', kind: 'slack', send: ['alerts'], allow: [] },
  ...{ timeout: 10_000, retryFor: 86_400_000 },
}

const event = exampleEvent('flights', new Date('2026-01-01T00:00:00Z'))
const aDelivery = (id: number, overrides: Partial<WaitingDelivery> = {}): WaitingDelivery => ({
  id: BigInt(id),
  eventId: `e${id}`,
  payload: Buffer.from(JSON.stringify(event)),
  attempts: 0,
  triedForMs: 0,
  traceparent: null,
  ...overrides,
})

/** Delivers until nothing is due; each post gets the next of `answers`, and further ones get the last. */
async function deliver(deliveries: readonly WaitingDelivery[], answers: readonly (number | WebhookError)[]) {
  const stop = new AbortController()
  const reported: string[] = []
  let waiting = [...deliveries]
  let posts = 0
  let waits = 0
  const leave = (id: bigint, what: string) => {
    waiting = waiting.filter((delivery) => delivery.id !== id)
    reported.push(`${id} ${what}`)
  }
  const effects: DeliveryEffects = {
    due: async (limit) => waiting.slice(0, limit),
    noteDelivered: async (id, status) => leave(id, `delivered ${status}`),
    noteFailed: async (id, { failure, waitMs }) => leave(id, waitMs === null ? `dead: ${failure}` : 'failed'),
    post: async () => {
      const answer = answers[Math.min(posts, answers.length - 1)]!
      posts += 1
      if (answer instanceof Error) throw answer
      return { status: answer, start: '' }
    },
  }
  const circuit = vi.fn()
  const telemetry = { attempted: vi.fn(), delivered: vi.fn(), failed: vi.fn(), givenUp: vi.fn() }
  await deliverTo({
    webhook,
    effects,
    telemetry,
    breaker: makeBreaker(circuit, { opensAfter: 3, triesAgainAfterMs: 20 }),
    untilWoken: async () => {
      waits += 1
      if (waiting.length === 0) stop.abort()
    },
    signal: stop.signal,
  })
  return { reported, posts, waits, circuit: circuit.mock.calls.flat(), telemetry }
}

test('each event is posted once and stored as delivered', async () => {
  const { reported, posts } = await deliver([aDelivery(1), aDelivery(2)], [202])
  expect(reported).toEqual(['1 delivered 202', '2 delivered 202'])
  expect(posts).toBe(2)
})

test('events beyond the eight of a round are attempted without waiting to be woken', async () => {
  const deliveries = Array.from({ length: 17 }, (_, index) => aDelivery(index + 1))
  const { reported, waits } = await deliver(deliveries, [202])
  expect(reported).toHaveLength(17)
  expect(waits).toBe(1)
})

test('a failure is stored for another attempt, and other events are delivered meanwhile', async () => {
  const { reported, telemetry } = await deliver([aDelivery(1), aDelivery(2)], [new WebhookFailed('away', 503), 200])
  expect(reported).toEqual(['1 failed', '2 delivered 200'])
  expect(telemetry.failed).toHaveBeenCalledTimes(1)
})

test('an event that the receiver rejects permanently is dead at once and does not open the circuit', async () => {
  const deliveries = [1, 2, 3, 4, 5].map((id) => aDelivery(id))
  const { reported, circuit } = await deliver(deliveries, [new WebhookRefused('too large', 413)])
  expect(reported).toEqual([1, 2, 3, 4, 5].map((id) => `${id} dead: too large`))
  expect(circuit).toEqual([])
})

test('a failure after retryFor makes the event dead (issue since d226763e: it was retried endlessly)', async () => {
  const deliveries = [aDelivery(1, { attempts: 30, triedForMs: webhook.retryFor }), aDelivery(2)]
  const { reported } = await deliver(deliveries, [new WebhookFailed('away')])
  expect(reported).toEqual(['1 dead: away', '2 failed'])
})

test('the time of the attempt itself counts towards retryFor (another attempt followed after its end)', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(10_000)
  onTestFinished(() => now.mockRestore())
  const late = aDelivery(1, { attempts: 3, triedForMs: webhook.retryFor - 8_000 })
  const { reported } = await deliver([late], [new WebhookFailed('timeout')])
  expect(reported).toEqual(['1 dead: timeout'])
})

test('an event without a form for the webhook is dead at once and is never posted', async () => {
  const { reported, posts } = await deliver([aDelivery(1, { payload: Buffer.from('no JSON') }), aDelivery(2)], [200])
  expect(reported).toEqual(['1 dead: the event has no body for webhooks of kind slack', '2 delivered 200'])
  expect(posts).toBe(1)
})

test('consecutive failures open the circuit: no other event is attempted until one attempt succeeds', async () => {
  const away = new WebhookFailed('away')
  const deliveries = Array.from({ length: 12 }, (_, i) => aDelivery(i + 1))
  // Eight attempts are in progress when the first of them fails.
  const { reported, posts, circuit } = await deliver(deliveries, [...Array(8).fill(away), 200])
  expect(circuit).toEqual([true, false])
  expect(reported.map((line) => line.replace(/^\d+ /, ''))).toEqual([
    ...Array(8).fill('failed'),
    ...Array(4).fill('delivered 200'),
  ])
  expect(posts).toBe(12)
})

test('a receiver that limits the rate gets no event for its retry-after, and opens no circuit (a burst waited half a minute after each few events)', async () => {
  const deliveries = Array.from({ length: 12 }, (_, i) => aDelivery(i + 1))
  const limited = new WebhookFailed('too many requests', 429, 300)
  const from = performance.now()
  const { reported, posts, circuit } = await deliver(deliveries, [200, ...Array(7).fill(limited), 200])
  expect(performance.now() - from).toBeGreaterThan(290)
  expect(circuit).toEqual([])
  expect(reported.filter((line) => line.endsWith('failed'))).toHaveLength(7)
  expect(posts).toBe(12)
})

test('a receiver that limits the rate without a retry-after opens the circuit', async () => {
  const deliveries = Array.from({ length: 4 }, (_, i) => aDelivery(i + 1))
  const { circuit } = await deliver(deliveries, [new WebhookFailed('too many requests', 429)])
  expect(circuit).toEqual([true])
})

test('the wait between attempts grows from 1 s to 10 min, is at least retry-after, and ends with retryFor', () => {
  const wait = (attempts: number, triedForMs: number, error: WebhookError = new WebhookFailed('away')) =>
    waitAfter(error, { attempts, triedForMs }, 86_400_000)
  expect(wait(0, 0)).toBeGreaterThanOrEqual(500)
  expect(wait(0, 0)).toBeLessThanOrEqual(1_000)
  expect(wait(30, 1_000)).toBeGreaterThanOrEqual(300_000)
  expect(wait(30, 1_000)).toBeLessThanOrEqual(600_000)
  expect(wait(0, 0, new WebhookFailed('busy', 429, 30_000))).toBe(30_000)
  expect(wait(0, 0, new WebhookFailed('busy', 429, 9e9))).toBe(600_000)
  expect(wait(30, 86_390_000)).toBe(10_000)
  expect(wait(31, 86_400_000)).toBeNull()
  expect(wait(0, 0, new WebhookRefused('no', 400))).toBeNull()
})

test('a retry-after beyond retryFor leaves a last attempt at its end (the event was given up after the first)', () => {
  const busy = new WebhookFailed('busy', 429, 60_000)
  expect(waitAfter(busy, { attempts: 0, triedForMs: 0 }, 20_000)).toBe(20_000)
  expect(waitAfter(busy, { attempts: 1, triedForMs: 20_005 }, 20_000)).toBeNull()
})
