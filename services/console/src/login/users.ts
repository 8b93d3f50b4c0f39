import { createHash, timingSafeEqual } from 'node:crypto'
import type { ConsoleConfig } from '@outflow/contracts'
import { userName } from '@outflow/runtime/user-name'
import type { FastifyRequest } from 'fastify'
import type { Session } from '../api/index.js'

type Tokens = NonNullable<ConsoleConfig['authentication']>['tokens'] | undefined

/** The configured ways to log in; none: every user of this machine has access. */
export function loginsOf({ authentication }: ConsoleConfig): ('token' | 'oidc')[] {
  const { tokens, oidc } = authentication ?? {}
  return [...(tokens ? ['token' as const] : []), ...(oidc ? ['oidc' as const] : [])]
}

/** Without authentication the user is that of the console's process. */
export function localUser(): Session {
  return { name: userName(), role: 'operator', authentication: 'none' }
}

/** Returns the owner of the token in `Authorization: Bearer`; null if there is none. */
export function bearerOf(request: FastifyRequest, tokens: Tokens): Session | null {
  const presented = /^Bearer +(\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1]
  return presented === undefined ? null : ownerOf(sha256Of(presented), tokens)
}

/** Also for a token that was revoked. */
export const UNKNOWN_TOKEN = 'unknown token; `outflow token` makes one'

export const sha256Of = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Returns the owner of the token with this hash; null if no token has it, or no longer. */
export function ownerOf(sha256: string, tokens: Tokens): Session | null {
  const owner = tokens?.find((token) => timingSafeEqual(Buffer.from(sha256, 'hex'), Buffer.from(token.sha256, 'hex')))
  return owner ? { name: owner.name, role: owner.role, authentication: 'token' } : null
}
