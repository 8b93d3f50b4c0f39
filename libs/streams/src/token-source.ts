import { BrokerLoginFailed, BrokerUnavailable } from './errors.js'

interface TokenSourceOptions {
  readonly tokenEndpoint: string
  readonly clientId: string
  /** Asked for each token: the file that holds it may have changed. */
  readonly secret: () => string
  readonly scope?: string | undefined
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

interface Token {
  readonly value: string
  /** Epoch ms; from then on another one is asked for. */
  readonly renewAtMs: number
}

const TIMEOUT_MS = 5_000
// Share of a token's validity; the rest is for connections that open with it just before, and for open ones to log in again.
const USED_SHARE = 0.8
// More than LOGIN_AGAIN_MS, the whole second to which an end is rounded, and the time until a connection is open.
const LEAST_REST_MS = 5_000
// RFC 6749 only recommends that the response has the lifetime of a token.
const DEFAULT_LIFE_S = 300

/**
 * Makes a source of access tokens by OAuth 2 client credentials: the same one while it is fresh, and one request at a
 * time for all that wait.
 *
 * @returns rejects with {BrokerLoginFailed} when the endpoint refuses the client, {BrokerUnavailable} when it is away
 * @see RFC 6749, sections 2.3.1 and 4.4
 */
export function makeTokenSource(options: TokenSourceOptions): () => Promise<string> {
  const now = options.now ?? Date.now
  let current: Token | undefined
  let asking: Promise<Token> | undefined
  return async () => {
    if (current !== undefined && now() < current.renewAtMs) return current.value
    asking ??= askForToken(options, now()).finally(() => {
      asking = undefined
    })
    current = await asking
    return current.value
  }
}

async function askForToken({ tokenEndpoint, clientId, secret, scope }: TokenSourceOptions, askedAtMs: number) {
  const login = `${formEncoded(clientId)}:${formEncoded(secret())}`
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope !== undefined && { scope }) })
  const response = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}`, accept: 'application/json' },
    body,
    // The secret goes to nobody else.
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new BrokerUnavailable(
      `no token for Kafka: ${tokenEndpoint} did not answer (${reasonOf(cause)}); check kafka.sasl.tokenEndpoint`,
    )
  })
  const answer = await response.json().catch(() => undefined)
  if (response.status >= 500) {
    throw new BrokerUnavailable(`no token for Kafka: ${tokenEndpoint} answered ${response.status}; it is retried`)
  }
  const { access_token: value, expires_in: lifeS, error } = readAnswer(answer)
  if (!response.ok || typeof value !== 'string') {
    // Only the registered error code: the rest of the response may quote the request.
    const word = typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : ''
    throw new BrokerLoginFailed(
      `no token for Kafka: ${tokenEndpoint} answered ${response.status}${word || (response.ok ? ' without a token' : '')}`,
      'check clientId, the secret and scope under kafka.sasl',
      { values: { tokenEndpoint, status: response.status } },
    )
  }
  const life = typeof lifeS === 'number' && lifeS > 0 ? lifeS : DEFAULT_LIFE_S
  const lifeMs = life * 1_000
  return { value, renewAtMs: askedAtMs + Math.min(lifeMs * USED_SHARE, lifeMs - LEAST_REST_MS) }
}

function readAnswer(answer: unknown): Readonly<Record<string, unknown>> {
  return answer !== null && typeof answer === 'object' ? (answer as Record<string, unknown>) : {}
}

/** application/x-www-form-urlencoded, as section 2.3.1 requires of both halves. */
const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1)

function reasonOf(thrown: unknown): string {
  const { cause } = thrown as { cause?: unknown }
  const root = cause instanceof Error ? cause : thrown
  const code = root instanceof Error && 'code' in root ? String(root.code) : ''
  return code || (root instanceof Error ? root.message : String(root))
}
