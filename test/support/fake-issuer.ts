import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { type Listening, onLoopback } from './on-loopback.js'

export interface FakeIssuer extends Listening {
  /** Claims that the next ID token has in addition to, or in place of, the required ones. */
  claims: Record<string, unknown>
  /** Signs the next ID tokens with a key that it does not publish. */
  forge: boolean
  /** The last request to the token endpoint. */
  readonly asked: URLSearchParams[]
}

const CODE = 'the-code'

/** A small OpenID provider on loopback that accepts every login at once: discovery, authorization, token and key endpoints. */
export async function aFakeIssuer(clientId: string): Promise<FakeIssuer> {
  const [own, foreign] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')])
  const jwk = { ...(await exportJWK(own.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  let nonce: string | null = null
  const idToken = (): Promise<string> =>
    new SignJWT({ sub: 'user-1', preferred_username: 'ada', nonce, ...issuer.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(String(issuer.claims.iss ?? issuer.url))
      .setAudience(String(issuer.claims.aud ?? clientId))
      .setIssuedAt()
      .setExpirationTime('5 minutes')
      .sign(issuer.forge ? foreign.privateKey : own.privateKey)

  const server = createServer(async (request, response) => {
    const json = (body: unknown): void => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    }
    const { pathname, searchParams } = new URL(request.url!, issuer.url)
    if (pathname === '/.well-known/openid-configuration') {
      json({
        issuer: issuer.url,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        jwks_uri: `${issuer.url}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      })
    } else if (pathname === '/keys') {
      json({ keys: [jwk] })
    } else if (pathname === '/authorize') {
      nonce = searchParams.get('nonce')
      const back = new URL(searchParams.get('redirect_uri')!)
      back.searchParams.set('code', CODE)
      back.searchParams.set('state', searchParams.get('state')!)
      response.writeHead(302, { location: back.href }).end()
    } else if (pathname === '/token') {
      issuer.asked.push(new URLSearchParams(await text(request)))
      json({ access_token: 'unused', token_type: 'Bearer', expires_in: 300, id_token: await idToken() })
    } else {
      response.writeHead(404).end()
    }
  })
  const issuer: FakeIssuer = { ...(await onLoopback(server)), claims: {}, forge: false, asked: [] }
  return issuer
}
