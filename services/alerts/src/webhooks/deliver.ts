import {
  type Answer,
  type AttemptError,
  type Post,
  type Poster,
  postOf,
  WebhookAddressRefused,
  WebhookFailed,
  WebhookRefused,
} from '@outflow/alerting/webhooks'
import type { Webhook } from '@outflow/contracts'
import { backoffMs, pause } from '@outflow/runtime'
import type { FailedAttempt, WaitingDelivery } from '@outflow/store/webhooks'
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel'
import type { WebhookTelemetry } from './telemetry.js'

/** What delivering does to the world; a test hands in its own. */
export interface DeliveryEffects {
  /** The events whose next attempt is due. */
  readonly due: (limit: number) => Promise<readonly WaitingDelivery[]>
  readonly noteDelivered: (id: bigint, status: number) => Promise<void>
  readonly noteFailed: (id: bigint, attempt: FailedAttempt & { readonly waitMs: number }) => Promise<void>
  readonly bury: (id: bigint, attempt: FailedAttempt) => Promise<void>
  readonly post: Poster['post']
}

interface DeliverDeps {
  readonly webhook: Webhook
  readonly effects: DeliveryEffects
  readonly telemetry: WebhookTelemetry
  readonly breaker: CircuitBreakerPolicy
  /** Resolves when something may be due, or the signal aborts. */
  readonly untilWoken: (signal: AbortSignal) => Promise<void>
  readonly signal: AbortSignal
}

/** So many events of one webhook are under way at once: a receiver that takes 100 ms gets 80 a second. */
const AT_ONCE = 8
/** So many attempts in a row that fail open the circuit; after so long one attempt tries whether it may close. */
const OPENS_AFTER = 5
const TRIES_AGAIN_AFTER_MS = 30_000
const LOOK_AGAIN_MS = 1_000
/** What is under way when the service stops gets so long; a service has ten seconds to drain. */
const GRACE_MS = 5_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 600_000

/**
 * Makes the circuit breaker of a webhook: while it is open nothing is tried and no attempt counts, so a receiver that is away is asked
 * once in half a minute. A receiver that rejects one event is reachable.
 */
export function makeBreaker(
  onChange: (isOpen: boolean) => void,
  { opensAfter = OPENS_AFTER, triesAgainAfterMs = TRIES_AGAIN_AFTER_MS } = {},
): CircuitBreakerPolicy {
  const breaker = circuitBreaker(
    handleWhen((error) => !(error instanceof WebhookRefused)),
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
 * Delivers a webhook's events until the signal aborts, each at least once, under its own id at every attempt. What is under way then is
 * waited for, a little.
 *
 * @throws {StoreUnavailable | StoreRefused} what the store threw
 */
export async function deliverTo({
  webhook,
  effects,
  telemetry,
  breaker,
  untilWoken,
  signal,
}: DeliverDeps): Promise<void> {
  const cut = new AbortController()
  const cutSoon = () => void setTimeout(() => cut.abort(), GRACE_MS).unref()
  signal.addEventListener('abort', cutSoon, { once: true })
  while (!signal.aborted) {
    const due = await effects.due(AT_ONCE)
    const outcomes = await Promise.allSettled(
      due.map((delivery) => attempt(delivery, { webhook, effects, telemetry, breaker, cut: cut.signal })),
    )
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    const isBroken = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value === 'not tried')
    if (isBroken) await pause(LOOK_AGAIN_MS, signal)
    else if (due.length < AT_ONCE) await untilWoken(signal)
  }
  signal.removeEventListener('abort', cutSoon)
}

type AttemptDeps = Pick<DeliverDeps, 'webhook' | 'effects' | 'telemetry' | 'breaker'> & { readonly cut: AbortSignal }

async function attempt(
  delivery: WaitingDelivery,
  { webhook, effects, telemetry, breaker, cut }: AttemptDeps,
): Promise<'tried' | 'not tried'> {
  const { id, eventId } = delivery
  const startedAtMs = Date.now()
  const outcome = await postThrough(breaker, webhook, delivery, (post) => effects.post(post, cut))
  if (outcome === 'not tried') return outcome
  telemetry.attempted(webhook.name, Date.now() - startedAtMs)
  if (!(outcome instanceof Error)) {
    await effects.noteDelivered(id, outcome.status)
    telemetry.delivered(webhook.name)
    return 'tried'
  }
  const { status, message: failure } = outcome
  const waitMs = waitAfter(outcome, delivery, webhook.retryFor, startedAtMs)
  if (waitMs === null) {
    await effects.bury(id, { status, failure })
    telemetry.buried(webhook.name, eventId, outcome)
  } else {
    await effects.noteFailed(id, { status, failure, waitMs })
    telemetry.failed(webhook.name, { eventId, attempt: delivery.attempts + 1, waitMs, error: outcome })
  }
  return 'tried'
}

async function postThrough(
  breaker: CircuitBreakerPolicy,
  webhook: Webhook,
  delivery: WaitingDelivery,
  send: (post: Post) => Promise<Answer>,
): Promise<Answer | AttemptError | 'not tried'> {
  const post = postOrNone(webhook, delivery)
  if (post === null) return new WebhookRefused(`the event has no body for webhooks of kind ${webhook.kind}`)
  try {
    return await breaker.execute(() => send(post))
  } catch (thrown: unknown) {
    if (thrown instanceof BrokenCircuitError) return 'not tried'
    if (
      thrown instanceof WebhookFailed ||
      thrown instanceof WebhookRefused ||
      thrown instanceof WebhookAddressRefused
    ) {
      return thrown
    }
    throw thrown
  }
}

/** An event of an unknown form must not stop the others of its webhook, and a retry would not fix it. */
function postOrNone(webhook: Webhook, delivery: WaitingDelivery): Post | null {
  try {
    return postOf(webhook, delivery, new Date())
  } catch {
    return null
  }
}

/**
 * How long after a failed attempt the next one comes, ms: growing from 1 s to 10 min, and no less than the receiver asks for.
 *
 * @returns null when there is to be none: the event was rejected, or was retried for retryFor
 */
export function waitAfter(
  error: AttemptError,
  { attempts, firstAttemptAt }: Pick<WaitingDelivery, 'attempts' | 'firstAttemptAt'>,
  retryForMs: number,
  nowMs: number,
): number | null {
  if (error instanceof WebhookRefused) return null
  const waitMs = Math.max(
    backoffMs(attempts + 1, { firstMs: FIRST_WAIT_MS, maxMs: LONGEST_WAIT_MS }),
    Math.min(error.retryAfterMs, LONGEST_WAIT_MS),
  )
  const triedForMs = nowMs - (firstAttemptAt?.getTime() ?? nowMs)
  return triedForMs + waitMs > retryForMs ? null : waitMs
}
