import { type Answer, type Post, type Poster, postOf, WebhookError, WebhookRefused } from '@outflow/alerting/webhooks'
import type { Webhook } from '@outflow/contracts'
import { backoffMs, pause } from '@outflow/errors/retrying'
import type { FailedAttempt, WaitingDelivery } from '@outflow/store/webhooks'
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel'
import type { WebhookTelemetry } from './telemetry.js'

/** Effects of a delivery on Postgres and the receiver; tests pass simulated ones. */
export interface DeliveryEffects {
  /** The events whose next attempt is due. */
  readonly due: (limit: number) => Promise<readonly WaitingDelivery[]>
  readonly noteDelivered: (id: bigint, status: number) => Promise<void>
  readonly noteFailed: (id: bigint, attempt: FailedAttempt) => Promise<void>
  readonly post: Poster['post']
}

interface DeliverDeps {
  readonly webhook: Webhook
  readonly effects: DeliveryEffects
  readonly telemetry: Pick<WebhookTelemetry, 'attempted' | 'delivered' | 'failed' | 'givenUp'>
  readonly breaker: CircuitBreakerPolicy
  /** Resolves when something may be due, or the signal aborts. */
  readonly untilWoken: (signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/** Concurrent attempts of one webhook: a receiver that takes 100 ms gets 80 events a second. */
const CONCURRENT_ATTEMPTS = 8
/** Number of consecutive failures that open the circuit, and the time after which one attempt tests the receiver. */
const OPEN_AFTER_FAILURES = 5
const HALF_OPEN_AFTER_MS = 30_000
const OPEN_CIRCUIT_REST_MS = 1_000
/** Time for the attempts in progress when the service stops; a service has ten seconds to drain. */
const GRACE_MS = 5_000
const FIRST_WAIT_MS = 1_000
/** No attempt follows within so little time, at the end of retryFor. */
const MIN_WAIT_MS = FIRST_WAIT_MS / 2
const LONGEST_WAIT_MS = 600_000

/**
 * Returns the circuit breaker of a webhook. While it is open, no event is attempted and no attempt is counted; a receiver that is down
 * gets one attempt in 30 s. A receiver that rejects an event, or states when to continue, is reachable: neither counts as a failure.
 */
export function makeBreaker(
  onChange: (isOpen: boolean) => void,
  { opensAfter = OPEN_AFTER_FAILURES, triesAgainAfterMs = HALF_OPEN_AFTER_MS } = {},
): CircuitBreakerPolicy {
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof WebhookRefused) && limitedForMs(error) === 0),
    { halfOpenAfter: triesAgainAfterMs, breaker: new ConsecutiveBreaker(opensAfter) },
  )
  let isOpen = false
  const report = (next: boolean) => {
    if (next === isOpen) return
    isOpen = next
    onChange(next)
  }
  breaker.onBreak(() => report(true))
  breaker.onReset(() => report(false))
  return breaker
}

/**
 * Delivers a webhook's events until the signal aborts, each at least once, with the same id at every attempt. Attempts in progress get
 * `GRACE_MS` to end.
 *
 * @throws {StoreUnavailable | StoreRefused} errors of the store
 */
export async function deliverTo(deps: DeliverDeps): Promise<void> {
  const { effects, untilWoken, signal } = deps
  const cut = new AbortController()
  const cutSoon = () => void setTimeout(() => cut.abort(), GRACE_MS).unref()
  signal.addEventListener('abort', cutSoon, { once: true })
  while (!signal.aborted) {
    const due = await effects.due(CONCURRENT_ATTEMPTS)
    const outcomes = await Promise.allSettled(due.map((delivery) => attempt(delivery, deps, cut.signal)))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const restMs = Math.max(0, ...outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 0)))
    if (restMs > 0) await pause(restMs, signal)
    else if (due.length < CONCURRENT_ATTEMPTS) await untilWoken(signal)
  }
  signal.removeEventListener('abort', cutSoon)
}

/** Attempts one event. @returns how long the webhook gets no event, ms */
async function attempt(
  delivery: WaitingDelivery,
  { webhook, effects, telemetry, breaker }: DeliverDeps,
  cut: AbortSignal,
): Promise<number> {
  const { id, eventId } = delivery
  const startedAtMs = performance.now()
  const outcome = await postThrough(breaker, webhook, delivery, (post) => effects.post(post, cut))
  if (outcome === 'not tried') return OPEN_CIRCUIT_REST_MS
  const tookMs = performance.now() - startedAtMs
  telemetry.attempted(webhook.name, tookMs)
  if (!(outcome instanceof Error)) {
    await effects.noteDelivered(id, outcome.status)
    telemetry.delivered(webhook.name)
    return 0
  }
  const { status, message: failure } = outcome
  // The first attempt begins retryFor when it fails.
  const triedForMs = delivery.attempts === 0 ? 0 : delivery.triedForMs + tookMs
  const waitMs = waitAfter(outcome, { ...delivery, triedForMs }, webhook.retryFor)
  await effects.noteFailed(id, { status, failure, waitMs })
  if (waitMs === null) telemetry.givenUp(webhook.name, eventId, outcome)
  else telemetry.failed(webhook.name, { eventId, attempt: delivery.attempts + 1, waitMs, error: outcome })
  return limitedForMs(outcome)
}

/** For how long a receiver that limits the rate accepts no event, ms; 0: it does not limit it, or does not state how long. */
function limitedForMs(error: Error): number {
  return error instanceof WebhookError && error.status === 429 ? Math.min(error.retryAfterMs, LONGEST_WAIT_MS) : 0
}

async function postThrough(
  breaker: CircuitBreakerPolicy,
  webhook: Webhook,
  delivery: WaitingDelivery,
  send: (post: Post) => Promise<Answer>,
): Promise<Answer | WebhookError | 'not tried'> {
  let post: Post
  try {
    post = postOf(webhook, delivery, new Date())
  } catch {
    // An event of an unknown form must not stop the webhook's other events, and a retry would not fix it.
    return new WebhookRefused(`the event has no body for webhooks of kind ${webhook.kind}`)
  }
  try {
    return await breaker.execute(() => send(post))
  } catch (thrown: unknown) {
    if (thrown instanceof BrokenCircuitError) return 'not tried'
    if (thrown instanceof WebhookError) return thrown
    throw thrown
  }
}

/**
 * Returns the delay after a failed attempt, ms: it grows from 1 s to 10 min, and is at least the receiver's Retry-After, but ends with
 * retryFor, so that the last attempt is then.
 *
 * @returns null if there is no further attempt, because the event was rejected or retryFor is over
 */
export function waitAfter(
  error: WebhookError,
  { attempts, triedForMs }: Pick<WaitingDelivery, 'attempts' | 'triedForMs'>,
  retryForMs: number,
): number | null {
  if (error instanceof WebhookRefused) return null
  const waitMs = Math.max(
    backoffMs(attempts + 1, { firstMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS }),
    Math.min(error.retryAfterMs, LONGEST_WAIT_MS),
  )
  const leftMs = retryForMs - triedForMs
  return leftMs < MIN_WAIT_MS ? null : Math.min(waitMs, leftMs)
}
