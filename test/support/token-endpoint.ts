import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Listening, onLoopback } from './on-loopback.js'

export interface TokenEndpoint extends Listening {
  /** Number of tokens that it has issued. */
  readonly given: number
}

interface TokenEndpointOptions {
  readonly clientId: string
  readonly clientSecret: string
  readonly lifeS: number
}

/** An OAuth 2 endpoint for client credentials. Its tokens are unsecured JWS, which Kafka's default validator accepts. */
export async function startTokenEndpoint({
  clientId,
  clientSecret,
  lifeS,
}: TokenEndpointOptions): Promise<TokenEndpoint> {
  const login = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  let given = 0
  const answer = async (request: IncomingMessage): Promise<readonly [number, unknown]> => {
    const form = new URLSearchParams(await text(request))
    if (request.headers.authorization !== login) return [401, { error: 'invalid_client' }]
    if (form.get('grant_type') !== 'client_credentials') return [400, { error: 'unsupported_grant_type' }]
    given += 1
    return [200, { access_token: unsecuredToken(clientId, lifeS), token_type: 'Bearer', expires_in: lifeS }]
  }
  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const { url, close } = await onLoopback(server)
  return {
    url: `${url}/token`,
    get given() {
      return given
    },
    close,
  }
}

function unsecuredToken(subject: string, lifeS: number): string {
  const now = Math.floor(Date.now() / 1_000)
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + lifeS })}.`
}
