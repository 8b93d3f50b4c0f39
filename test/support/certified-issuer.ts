import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type JWK } from 'oidc-provider'
import { aCookieJar } from './browser-cookies.js'
import { type Listening, onLoopback } from './on-loopback.js'

interface IssuerClient {
  readonly id: string
  readonly secret: string
  readonly redirectUri: string
}

/**
 * A certified OpenID provider on loopback. It requires PKCE, login and consent; this server submits both
 * without a form. Every login is `ada`, with the role `sre`.
 *
 * @see oidc-provider, certified for the Basic profile by the OpenID Foundation
 */
export async function aCertifiedIssuer({ id, secret, redirectUri }: IssuerClient): Promise<Listening> {
  const server = createServer()
  const listening = await onLoopback(server)
  const { url } = listening
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(url, {
    clients: [{ client_id: id, client_secret: secret, redirect_uris: [redirectUri] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' } as JWK] },
    cookies: { keys: ['of a test'] },
    ttl: { Interaction: 60, Session: 60, Grant: 60, AccessToken: 60, IdToken: 60 },
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['preferred_username', 'roles'] },
    conformIdTokenClaims: false,
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, preferred_username: accountId, roles: ['sre'] }),
    }),
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  })
  provider.use(async ({ path, req, res }, next) => {
    if (!path.startsWith('/interaction/')) return next()
    const { prompt, session, params } = await provider.interactionDetails(req, res)
    if (prompt.name === 'login') return provider.interactionFinished(req, res, { login: { accountId: 'ada' } })
    const grant = new provider.Grant({ accountId: session!.accountId, clientId: String(params.client_id) })
    grant.addOIDCScope(String(params.scope))
    return provider.interactionFinished(req, res, { consent: { grantId: await grant.save() } })
  })
  server.on('request', provider.callback())
  return listening
}

/** Follows a provider's redirects with cookies, as a browser does, until they lead to another origin, and returns that URL. */
export async function followRedirects(from: string): Promise<URL> {
  const { header, take } = aCookieJar()
  let at = new URL(from)
  for (let hops = 0; hops < 10; hops += 1) {
    const response = await fetch(at, { redirect: 'manual', headers: { cookie: header() } })
    take(response.headers)
    const location = response.headers.get('location')
    if (location === null) throw new Error(`${at.pathname} answered ${response.status}: ${await response.text()}`)
    const next = new URL(location, at)
    if (next.origin !== at.origin) return next
    at = next
  }
  throw new Error(`${from} leads nowhere`)
}
