import { lookup } from 'node:dns'
import { setMaxListeners } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import type { Webhook } from '@outflow/contracts'
import { withCaFix } from '@outflow/errors'
import { makeAddressRule, permittedLookup, type Resolve, requirePermitted } from './addresses.js'
import { WebhookAddressRefused, WebhookFailed, WebhookRefused } from './errors.js'

export interface Post {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The response of a receiver that accepted an event. */
export interface Answer {
  readonly status: number
  /** The beginning of the body, for a person who tests a webhook; its content is not trusted. */
  readonly start: string
}

export type Poster = ReturnType<typeof makePoster>

const MAX_ANSWER_BYTES = 16 * 1024

/** Statuses that reject this event permanently: malformed, gone, too large, not acceptable. */
const REFUSALS: ReadonlySet<number> = new Set([400, 410, 413, 422])

const resolveAll: Resolve = (hostname, done) => lookup(hostname, { all: true }, done)

/**
 * Returns a poster for one webhook. Connections are not shared between webhooks: each was opened under its webhook's address rule.
 *
 * @param resolve  resolves host names. Default: the system's resolver
 */
export function makePoster(
  { url: text, timeout, allow }: Pick<Webhook, 'url' | 'timeout' | 'allow'>,
  resolve: Resolve = resolveAll,
) {
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const permits = makeAddressRule(host, allow)
  const { request, Agent } = url.protocol === 'https:' ? https : http
  const agent = new Agent({ keepAlive: true })
  const target = { method: 'POST', agent, lookup: permittedLookup(permits, resolve) }
  return {
    /**
     * Posts once. Redirects are not followed; at most 16 KiB of the response's body are read.
     *
     * @param cut  aborts the attempt; used by a service that is stopping
     * @throws {WebhookError}
     */
    post: async ({ headers, body }: Post, cut: AbortSignal): Promise<Answer> => {
      requirePermitted(host, permits)
      const late = AbortSignal.timeout(timeout)
      // Not by AbortSignal.any: Node.js 20 and 22 keep what it returns for as long as `cut`.
      const ended = new AbortController()
      const end = () => ended.abort()
      if (cut.aborted) end()
      // Attempts share it. Node.js would report the 11th listener as a leak, in plain text.
      setMaxListeners(0, cut)
      for (const signal of [late, cut]) signal.addEventListener('abort', end)
      try {
        const response = await answerTo((answered) =>
          request(url, { ...target, headers, signal: ended.signal }, answered).end(body),
        ).catch((error: unknown) => {
          throw toAttemptError(error, late.aborted, timeout)
        })
        const status = response.statusCode ?? 0
        const start = await bodyStart(response)
        if (status >= 200 && status < 300) return { status, start }
        throw refusalOf(status, response.headers)
      } finally {
        cut.removeEventListener('abort', end)
      }
    },
    close: () => agent.destroy(),
  }
}

function answerTo(send: (answered: (response: http.IncomingMessage) => void) => http.ClientRequest) {
  return new Promise<http.IncomingMessage>((resolve, reject) => {
    // A receiver that switches protocols (101) causes neither a response nor an error.
    send(resolve).on('error', reject).on('close', reject)
  })
}

/** The status determines the outcome, so a truncated, endless or oversized body is no error. */
async function bodyStart(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer)
      bytes += (chunk as Buffer).length
      if (bytes > MAX_ANSWER_BYTES) break // destroys the stream
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
  return new WebhookFailed(`the receiver answered ${status}`, status, waitOf(retryAfter))
}

/** Parses a Retry-After, which is in seconds or an HTTP date; ms. 0: none, or not valid. */
function waitOf(retryAfter = ''): number {
  if (/^\d{1,6}$/.test(retryAfter)) return Number(retryAfter) * 1_000
  return retryAfter.endsWith(' GMT') ? Math.max(0, Date.parse(retryAfter) - Date.now() || 0) : 0
}

/** Node's message about a connection may quote the URL, so only its code is reported. */
function toAttemptError(thrown: unknown, isLate: boolean, timeoutMs: number): Error {
  if (thrown instanceof WebhookAddressRefused) return thrown
  if (isLate) return new WebhookFailed(`no answer within ${timeoutMs} ms`)
  const code = thrown instanceof Error && 'code' in thrown ? ` (${withCaFix(String(thrown.code))})` : ''
  return new WebhookFailed(`connection failed${code}`)
}
