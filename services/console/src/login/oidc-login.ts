import { type ConsoleConfig, isLoopback } from '@outflow/contracts'
import { ROLES } from '@outflow/contracts/role'
import { withCaFix } from '@outflow/errors'
import * as oidc from 'openid-client'
import type { Session } from '../api/index.js'
import { RequestRefused } from '../errors.js'
import type { LoginAttempt } from './sessions.js'

type OidcConfig = NonNullable<NonNullable<ConsoleConfig['authentication']>['oidc']>

export const CALLBACK_PATH = '/api/login/callback'
const PROVIDER_SECONDS = 10

/** Login by the authorization code flow with PKCE, state and nonce. @see OpenID Connect Core 1.0 § 3.1; RFC 7636 */
export function makeOidcLogin(config: OidcConfig, consoleUrl: string) {
  let discovered: Promise<oidc.Configuration> | undefined
  return {
    /** Returns the URL to which the browser is sent, and the state that it keeps. @param to  page of the console after the login */
    begin: async (to: string) => {
      const attempt = {
        verifier: oidc.randomPKCECodeVerifier(),
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        to,
      }
      const url = oidc.buildAuthorizationUrl(await provider(), {
        redirect_uri: new URL(CALLBACK_PATH, consoleUrl).href,
        scope: config.scope,
        code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        state: attempt.state,
        nonce: attempt.nonce,
      })
      return { url, attempt }
    },
    /**
     * Returns the user, for the code that the provider gave the browser.
     *
     * @param path  to which the provider redirected the browser, with the query
     * @throws {RequestRefused} 403 when the provider or its claims do not allow the login, 503 when it does not accept the console
     */
    finish: async (path: string, { verifier, state, nonce }: LoginAttempt): Promise<Session> => {
      const back = new URL(path, consoleUrl)
      if (back.searchParams.get('state') !== state) {
        throw new RequestRefused(403, 'another login has begun in this browser since; start again')
      }
      const tokens = await oidc
        .authorizationCodeGrant(await provider(), back, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        })
        .catch((error: Error) => {
          if (isClientRefused(error)) {
            throw new RequestRefused(
              503,
              `the OpenID provider ${config.issuer} does not accept the console; ${CLIENT_FIX}`,
            )
          }
          throw new RequestRefused(403, `the login did not succeed: ${reasonOf(error)}; start again`)
        })
      return userOf(tokens.claims()!, config)
    },
  }

  function provider(): Promise<oidc.Configuration> {
    discovered ??= discover(config).catch((error: Error) => {
      discovered = undefined
      throw new RequestRefused(
        503,
        `the OpenID provider ${config.issuer} cannot be used: ${reasonOf(error)}; check console.authentication.oidc.issuer`,
      )
    })
    return discovered
  }
}

const CLIENT_FIX = 'check clientId and clientSecret under console.authentication.oidc'

/** @see RFC 6749, section 5.2: a failed authentication of the client may be a challenge */
const isClientRefused = (error: Error): boolean =>
  error instanceof oidc.WWWAuthenticateChallengeError ||
  (error instanceof oidc.ResponseBodyError && /^(invalid|unauthorized)_client$/.test(error.error))

/** The provider's answer, such as `access_denied`. Node reports a connection or a certificate that failed as `fetch failed`; the cause has the code. */
function reasonOf(failure: Error): string {
  if (failure instanceof oidc.AuthorizationResponseError || failure instanceof oidc.ResponseBodyError) {
    const { error, error_description: description } = failure
    return `the provider answered ${error}${description === undefined ? '' : ` (${description})`}`
  }
  const { message, cause } = failure
  return cause instanceof Error && 'code' in cause && message === 'fetch failed'
    ? withCaFix(String(cause.code))
    : message
}

function discover({ issuer, clientId, clientSecret }: OidcConfig): Promise<oidc.Configuration> {
  const client = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret)
  // The configuration allows http for this machine only. The signature of the ID token is verified in any case: by default it is not,
  // when TLS protects the token.
  const insecure = isLoopback(new URL(issuer).hostname) ? [oidc.allowInsecureRequests] : []
  const execute = [oidc.enableNonRepudiationChecks, ...insecure]
  return oidc.discovery(new URL(issuer), clientId, undefined, client, { execute, timeout: PROVIDER_SECONDS })
}

/** @throws {RequestRefused} 403 when no value of the claim has a role */
function userOf(claims: oidc.IDToken, { rolesClaim, roles }: OidcConfig): Session {
  const name = [claims.preferred_username, claims.email, claims.sub].find((text) => typeof text === 'string') as string
  const values = valuesOf(claims, rolesClaim)
  const role = ROLES.toReversed().find((candidate) => roles[candidate]?.some((value) => values.includes(value)))
  if (role !== undefined) return { name, role, authentication: 'oidc' }
  throw new RequestRefused(
    403,
    `${name} has no role here: no value of the claim ${rolesClaim} is in console.authentication.oidc.roles`,
  )
}

/** The name of a claim may contain dots; otherwise dots separate the keys of nested objects, as in `realm_access.roles`. */
function valuesOf(claims: Readonly<Record<string, unknown>>, path: string): readonly unknown[] {
  const inner = (value: unknown, key: string): unknown => (value as Record<string, unknown> | undefined)?.[key]
  const found = claims[path] ?? path.split('.').reduce(inner, claims as unknown)
  return Array.isArray(found) ? found : [found]
}
