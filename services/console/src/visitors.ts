import { createHash, timingSafeEqual } from 'node:crypto'
import { userInfo } from 'node:os'
import { type ConsoleConfig, ROLES, type Role } from '@outflow/contracts'
import type { FastifyRequest } from 'fastify'
import type { Session } from './api/index.js'

/** The user of a request. */
export interface Visitor extends Readonly<Session> {
  /** Whether the browser sends the credentials automatically (a cookie): then a foreign page could use them, and writes must come from the console's own page. */
  readonly byBrowser: boolean
}

type Tokens = NonNullable<ConsoleConfig['authentication']>['tokens'] | undefined

/** The configured ways to log in; none: every user of this machine has access. */
export function loginsOf({ authentication }: ConsoleConfig): ('token' | 'oidc')[] {
  const { tokens, oidc } = authentication ?? {}
  return [...(tokens ? ['token' as const] : []), ...(oidc ? ['oidc' as const] : [])]
}

/** Without authentication the user is that of the console's process. */
export function localVisitor(): Visitor {
  return { name: userInfo().username, role: 'operator', authentication: 'none', byBrowser: true }
}

/** Returns the owner of the token in `Authorization: Bearer`; null if there is none. */
export function bearerOf(request: FastifyRequest, tokens: Tokens): Visitor | null {
  const presented = /^Bearer +(\S{1,500})$/i.exec(request.headers.authorization ?? '')?.[1]
  const owner = presented === undefined ? undefined : ownerOf(presented, tokens)
  return owner ? { ...owner, byBrowser: false } : null
}

/** Also for a token that was revoked. */
export const UNKNOWN_TOKEN = 'unknown token; `outflow token` makes one'

export function ownerOf(token: string, tokens: Tokens): Session | null {
  const hash = createHash('sha256').update(token).digest()
  const found = tokens?.find(({ sha256 }) => timingSafeEqual(hash, Buffer.from(sha256, 'hex')))
  return found ? { name: found.name, role: found.role, authentication: 'token' } : null
}

/** Each role includes the rights of the ones before it. */
export const mayAct = (visitor: Visitor, role: Role): boolean => ROLES.indexOf(visitor.role) >= ROLES.indexOf(role)
