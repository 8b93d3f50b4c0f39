import { z } from 'zod'
import { ROLES } from '../role/index.js'
import { refuseRepeated } from './refuse-repeated.js'

export const MAX_TOKEN_NAME_CHARS = 100

const tokenSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(MAX_TOKEN_NAME_CHARS)
    .describe('Owner of the token, recorded with verdicts and in the audit log'),
  role: z.enum(ROLES).describe('reader: read; analyst: also give verdicts; operator: also change models and rules'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the token in hex, as `outflow token` prints it')
    .describe('SHA-256 of the token, in hex; the token itself is not stored'),
})

const oidcSchema = z.strictObject({
  issuer: z
    .string()
    .refine(isIssuer, 'allowed: a URL such as https://login.example.org; http only on this machine')
    .describe('Issuer URL of the provider; its discovery document is read at the first login'),
  clientId: z.string().min(1).describe('Client id of the console at the provider'),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Client secret; use ${NAME} to read it from the environment. Default: none, a public client with PKCE'),
  scope: z.string().min(1).default('openid profile').describe('Requested scopes'),
  rolesClaim: z.string().min(1).default('roles').describe('Claim of the ID token with the roles or groups'),
  roles: z
    .partialRecord(z.enum(ROLES), z.array(z.string().min(1)).min(1))
    .refine((roles) => Object.keys(roles).length > 0, 'allowed: a list of values for one role at least')
    .describe('Values of the claim for each role; a user with none of them is refused'),
})

/** An IPv6 address may be in brackets, as in a URL. */
export const listenHost = z
  .string()
  .min(1)
  .transform((host) => host.replace(/^\[(.+)\]$/, '$1'))

/** On loopback the console needs no authentication; on any other host it is required. */
export const consoleSchema = z
  .strictObject({
    host: listenHost
      .default('127.0.0.1')
      .describe('Address of the console; outside loopback it requires authentication'),
    url: z
      .string()
      .refine(isOrigin, 'allowed: a URL without a path, such as https://outflow.example.org')
      .optional()
      .describe('URL at which browsers reach the console, without a path; with https, cookies are secure'),
    authentication: z
      .strictObject({
        tokens: z.array(tokenSchema).min(1).optional().describe('Bearer tokens, each with its role'),
        oidc: oidcSchema.optional().describe('Login by an OpenID Connect provider'),
        sessionSecret: z
          .string()
          .min(32, 'at least 32 characters')
          .optional()
          .describe(
            'Key that signs sessions, the same for all instances. Default: a new one at each start, which ends all sessions',
          ),
      })
      .optional()
      .describe('Logins. Default: anyone on this machine is an operator'),
  })
  .superRefine(({ host, url, authentication }, context) => {
    const refuse = (path: PropertyKey[], input: unknown, message: string) =>
      context.addIssue({ code: 'custom', path, input, message })
    const { tokens, oidc } = authentication ?? {}
    if (authentication !== undefined && tokens === undefined && oidc === undefined) {
      refuse(['authentication'], undefined, 'allowed: tokens, oidc, or both')
    }
    if (authentication === undefined && !isLoopback(host)) {
      refuse(['host'], host, 'allowed: 127.0.0.1, ::1 or localhost, unless console.authentication is set')
    }
    if (oidc !== undefined && url === undefined) {
      refuse(
        ['url'],
        undefined,
        'allowed: the URL at which browsers reach the console, to which the provider redirects them',
      )
    }
    const names = (tokens ?? []).map(({ name }) => name)
    refuseRepeated('token', names, ['authentication', 'tokens'], context)
  })

export type ConsoleConfig = z.infer<typeof consoleSchema>

export const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|\[::1\]|localhost)$/.test(host)

/** The console serves its page at the root: links and the redirect of a login would lose a path. */
function isOrigin(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, pathname, search, hash } = new URL(url)
  return /^https?:$/.test(protocol) && pathname === '/' && search === '' && hash === ''
}

function isIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false
  const { protocol, hostname } = new URL(issuer)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}
