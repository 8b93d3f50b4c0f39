import { z } from 'zod'

/** What a person or a program may do at the console; each may all that the one before may. */
export const ROLES = ['reader', 'analyst', 'operator'] as const
export type Role = (typeof ROLES)[number]

const tokenSchema = z.strictObject({
  name: z.string().min(1).max(100).describe('Whose token it is: stands beside verdicts and in the audit log'),
  role: z.enum(ROLES).describe('reader looks, analyst also gives verdicts, operator also changes models and rules'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the token in hex, as `outflow token` prints it')
    .describe('SHA-256 of the token, in hex; the token itself is kept nowhere'),
})

const oidcSchema = z.strictObject({
  issuer: z
    .string()
    .refine(isIssuer, 'a URL such as https://login.example.org; http only on this machine')
    .describe('The OpenID provider, whose discovery document is read at the first login'),
  clientId: z.string().min(1).describe('What the provider calls the console'),
  clientSecret: z
    .string()
    .min(1)
    .optional()
    .describe('Its secret; better ${NAME} than the text itself; default: none, a public client with PKCE'),
  scope: z.string().min(1).default('openid profile').describe('What is asked of the provider'),
  rolesClaim: z.string().min(1).default('roles').describe('The claim of the ID token that holds the roles, or groups'),
  roles: z
    .partialRecord(z.enum(ROLES), z.array(z.string().min(1)).min(1))
    .refine((roles) => Object.keys(roles).length > 0, 'allowed: a list of values for one role at least')
    .describe('Which values of the claim make a reader, an analyst, an operator; who has none of them may not enter'),
})

/** Loopback needs no login; anywhere else does. */
export const consoleSchema = z
  .strictObject({
    host: z
      .string()
      .default('127.0.0.1')
      .describe('Where the console is served; elsewhere than on loopback only with authentication'),
    url: z
      .string()
      .refine(
        (url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol),
        'a URL such as https://outflow.example.org',
      )
      .optional()
      .describe('How browsers reach it; with https, cookies are sent over nothing else'),
    authentication: z
      .strictObject({
        tokens: z.array(tokenSchema).min(1).optional().describe('Bearer tokens, each with its role'),
        oidc: oidcSchema.optional().describe('Login by an OpenID provider'),
        sessionSecret: z
          .string()
          .min(32, 'at least 32 characters')
          .optional()
          .describe(
            'Signs the sessions; the same for all instances; default: a new one at each start, which ends the sessions',
          ),
      })
      .optional()
      .describe('Who may enter; default: whoever is on this machine, as operator'),
  })
  .superRefine(({ host, url, authentication }, context) => {
    const refuse = (path: PropertyKey[], input: unknown, message: string) =>
      context.addIssue({ code: 'custom', path, input, message })
    const { tokens, oidc } = authentication ?? {}
    if (authentication !== undefined && tokens === undefined && oidc === undefined) {
      refuse(['authentication'], undefined, 'allowed: tokens, oidc, or both')
    }
    if (authentication === undefined && !isLoopback(host)) {
      refuse(['host'], host, 'allowed: 127.0.0.1, ::1 or localhost, as long as console.authentication says nothing')
    }
    if (oidc !== undefined && url === undefined) {
      refuse(['url'], undefined, 'allowed: how browsers reach the console, since the provider sends them back there')
    }
    const twice =
      tokens?.findIndex(({ name }, index) => tokens.findIndex((other) => other.name === name) !== index) ?? -1
    if (twice >= 0) {
      refuse(
        ['authentication', 'tokens', twice, 'name'],
        tokens?.[twice]?.name,
        'allowed: a name that no other token has',
      )
    }
  })

export type ConsoleConfig = z.infer<typeof consoleSchema>

export const isLoopback = (host: string): boolean => /^(127(\.\d{1,3}){3}|::1|\[::1\]|localhost)$/.test(host)

function isIssuer(issuer: string): boolean {
  if (!URL.canParse(issuer)) return false
  const { protocol, hostname } = new URL(issuer)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}
