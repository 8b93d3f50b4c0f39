import { lookup } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import type { Webhook } from '@outflow/contracts'
import { makeAddressRule, permittedLookup, type Resolve, requirePermitted } from './addresses.js'
import { WebhookAddressRefused, WebhookFailed, WebhookRefused } from './errors.js'

export interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a receiver said that took an event. */
export interface Answer {
  readonly status: number
  /** The beginning of the body, for a person who tries a webhook; it may hold anything. */
  readonly start: string
}

export interface Poster {
  /**
   * Posts once. Redirects are not followed; of the answer's body no more than 16 KiB is read.
   *
   * @param cut  aborts an attempt that a service which stops cannot wait for
   * @throws {WebhookFailed | WebhookRefused | WebhookAddressRefused}
   */
  post(post: Post, cut: AbortSignal): Promise<Answer>
  close(): void
}

const MAX_ANSWER_BYTES = 16 * 1024

/** Statuses that reject this event permanently: malformed, gone, too large, not acceptable. */
const REFUSALS: ReadonlySet<number> = new Set([400, 410, 413, 422])

const resolveAll: Resolve = (hostname, done) => lookup(hostname, { all: true }, done)

/**
 * Makes what posts to one webhook, with connections of its own: they were opened under its rule of addresses.
 *
 * @param resolve  of host names; default: the system's
 */
export function makePoster(
  { url: text, timeout, allow }: Pick<Webhook, 'url' | 'timeout' | 'allow'>,
  resolve: Resolve = resolveAll,
): Poster {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const permits = makeAddressRule(host, allow)
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true })
  const target = { method: 'POST', agent, lookup: permittedLookup(permits, resolve) }
  return {
    post: async ({ headers, body }, cut) => {
      requirePermitted(host, permits)
      const late = AbortSignal.timeout(timeout)
      const response = await answerTo((answered) =>
        request(url, { ...target, headers, signal: AbortSignal.any([late, cut]) }, answered).end(body),
      ).catch((error: unknown) => {
        throw toAttemptError(error, late.aborted, timeout)
      })
      const status = response.statusCode ?? 0
      const start = await startOf(response)
      if (status >= 200 && status < 300) return { status, start }
      throw refusalOf(status, response.headers)
    },
    close: () => agent.destroy(),
  }
}

function answerTo(send: (answered: (response: http.IncomingMessage) => void) => http.ClientRequest) {
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    send(resolve).on('error', reject)
  })
}

/** The status is known before the body: a truncated, endless or oversized body changes nothing. */
async function startOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      bytes += (chunk as Buffer).length
      if (bytes > MAX_ANSWER_BYTES) break // which destroys the stream
    }
  } catch {}
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString()
}

function refusalOf(status: number, { 'retry-after': retryAfter }: http.IncomingHttpHeaders): Error {
  if (REFUSALS.has(status))
    return new WebhookRefused(`the receiver answered ${status}: it does not accept this event`, status)
  if (status >= 300 && status < 400) {
    return new WebhookFailed(`the receiver answered ${status}, a redirect, which is not followed; fix the url`, status)
  }
  const seconds = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : 0
  return new WebhookFailed(`the receiver answered ${status}`, status, seconds * 1_000)
}

/** Node's message about a connection may quote the URL, so only its code is reported. */
function toAttemptError(thrown: unknown, isLate: boolean, timeoutMs: number): Error {
  if (thrown instanceof WebhookAddressRefused) return thrown
  if (isLate) return new WebhookFailed(`no answer within ${timeoutMs} ms`)
  const code = thrown instanceof Error && 'code' in thrown ? ` (${String(thrown.code)})` : ''
  return new WebhookFailed(`connection failed${code}`)
}
