import { withCaFix } from '@outflow/errors'
import { BrokerLoginFailed, BrokerUnavailable } from '../errors.js'

interface TokenSourceOptions {
  readonly tokenEndpoint: string
  readonly clientId: string
  /** Called for each token, since the file with the secret may have changed. */
  readonly secret: () => string
  readonly scope?: string | undefined
}

interface Token {
  readonly value: string
  /** Times from which a new token is requested, by each of `clocks`, ms. */
  readonly renewAtMs: readonly number[]
}

/** Setting the clock does not change the first, and the second also advances while the machine is suspended. */
const clocks = (): readonly number[] => [performance.now(), Date.now()]

const TIMEOUT_MS = 5_000
// Share of a token's validity during which it is reused; the rest is for connections that have just opened with it, and for open ones
// to log in again.
const USED_SHARE = 0.8
// More than the sum of LOGIN_AGAIN_MS, the second to which an expiry is rounded, and the time to open a connection.
const LEAST_REMAINING_MS = 5_000
// RFC 6749 only recommends that the response contains the lifetime of a token.
const DEFAULT_LIFE_S = 300

/**
 * Returns a source of access tokens by OAuth 2 client credentials: it reuses a token until its renewal time, and concurrent callers
 * share one request.
 *
 * @returns rejects with {BrokerLoginFailed} if the endpoint rejects the client, {BrokerUnavailable} if it is not available
 * @see RFC 6749, sections 2.3.1 and 4.4
 */
export function makeTokenSource(options: TokenSourceOptions): () => Promise<string> {
  let current: Token | undefined
  let pending: Promise<Token> | undefined
  return async () => {
    const now = clocks()
    if (current?.renewAtMs.every((ms, at) => now[at]! < ms)) return current.value
    pending ??= requestToken(options, now).finally(() => {
      pending = undefined
    })
    current = await pending
    return current.value
  }
}

async function requestToken(
  { tokenEndpoint, clientId, secret, scope }: TokenSourceOptions,
  requestedAt: readonly number[],
): Promise<Token> {
  const login = `${formEncoded(clientId)}:${formEncoded(secret())}`
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) })
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}`, accept: 'application/json' },
    body,
    // A redirect must not send the secret to another server.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new BrokerUnavailable(`no token for Kafka: ${tokenEndpoint} did not answer (${reasonOf(cause)})`, {
      fix: 'check kafka.sasl.tokenEndpoint',
    })
  })
  const answer = await response.json().catch(() => undefined)
  if (response.status >= 500) {
    throw new BrokerUnavailable(`no token for Kafka: ${tokenEndpoint} answered ${response.status}`, {
      fix: 'check the server of kafka.sasl.tokenEndpoint',
    })
  }
  const { access_token: value, expires_in: lifeS, error } = readAnswer(answer)
  if (!response.ok || typeof value !== 'string') {
    // Only the registered error code, since the rest of the response may quote the request.
    const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : ''
    throw new BrokerLoginFailed(
      `no token for Kafka: ${tokenEndpoint} answered ${response.status}${word || (response.ok ? ' without a token' : '')}`,
      // RFC 6749, section 5.2: every refusal has an error code.
      word === ''
        ? 'is kafka.sasl.tokenEndpoint the token endpoint?'
        : 'check clientId, the secret and scope under kafka.sasl',
      { values: { tokenEndpoint, status: response.status } },
    )
  }
  const life = typeof lifeS === 'number' && lifeS > 0 ? lifeS : DEFAULT_LIFE_S
  const lifeMs = life * 1_000
  const usedMs = Math.min(lifeMs * USED_SHARE, lifeMs - LEAST_REMAINING_MS)
  return { value, renewAtMs: requestedAt.map((ms) => ms + usedMs) }
}

function readAnswer(answer: unknown): Readonly<Record<string, unknown>> {
  return answer !== null && typeof answer === 'object' ? (answer as Record<string, unknown>) : {}
}

/** application/x-www-form-urlencoded, which section 2.3.1 requires for both parts. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

function reasonOf(thrown: unknown): string {
  const { cause } = thrown as { cause?: unknown }
  const root = cause instanceof Error ? cause : thrown
  if (root instanceof DOMException && root.name === 'TimeoutError') return `within ${TIMEOUT_MS} ms`
  const code = root instanceof Error && 'code' in root ? String(root.code) : ''
  return withCaFix(code) || (root instanceof Error ? root.message : String(root))
}
