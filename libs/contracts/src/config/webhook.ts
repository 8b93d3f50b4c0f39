import { isIP } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import { z } from 'zod'
import { filePath } from './security.js'
import { duration } from './units.js'

/** A secret of Standard Webhooks: 24 to 64 random bytes. @see standardwebhooks.com, specification 1.0.0, "Signature scheme" */
const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/
export const SECRET_RULE = 'whsec_ and 24 to 64 random bytes in base64, as from: echo whsec_$(openssl rand -base64 32)'

/** Whether a text is a signing secret, or several separated by blanks, as during a rotation of secrets. */
export const areSigningSecrets = (text: string): boolean => text.trim().split(/\s+/).every(isSigningSecret)

function isSigningSecret(text: string): boolean {
  const bytes = SECRET.test(text) ? Buffer.from(text.slice('whsec_'.length), 'base64').length : 0
  return bytes >= 24 && bytes <= 64
}

const networkOrHost = z
  .string()
  .refine(isNetworkOrHost, 'allowed: an address, a network such as 10.0.0.0/8, or a host name')

function isNetworkOrHost(text: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address)
  if (version !== 0) return bits === undefined || Number(bits) <= (version === 4 ? 32 : 128)
  return bits === undefined && /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(address)
}

/** Node.js decodes user and password of a URL at each request, and throws if it cannot. */
function isLoginReadable(url: string): boolean {
  try {
    return urlToHttpOptions(new URL(url)) !== null
  } catch (error: unknown) {
    return !(error instanceof URIError)
  }
}

export const webhookSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-"')
      .describe('Name in tables, metrics and commands'),
    url: z
      .url({ protocol: /^https?$/, error: 'a URL that begins with https:// or http://' })
      .describe('Endpoint; user:password@ in it is sent as basic authentication'),
    kind: z
      .enum(['signed', 'slack', 'alertmanager'])
      .default('signed')
      .describe('Body: the event, signed as Standard Webhooks (signed); a Slack message; an Alertmanager alert (v2)'),
    send: z
      .array(z.enum(['alerts', 'health']))
      .min(1)
      .default(['alerts'])
      .describe('alerts: alerts and groups; health: health events'),
    secret: z
      .string()
      .refine(areSigningSecrets, `allowed: ${SECRET_RULE}`)
      .optional()
      .describe(
        'For kind signed: the signing secret; use ${NAME} to read it from the environment. Two secrets, separated by a space, both sign',
      ),
    secretFile: filePath('For kind signed: file with the secret, instead of secret').optional(),
    timeout: duration.default(10_000).describe('Timeout of one attempt, from connection to response. Default 10s'),
    retryFor: duration
      .default(86_400_000)
      .describe('How long a delivery is retried, at growing intervals; then it is given up and kept. Default 24h'),
    allow: z
      .array(networkOrHost)
      .default([])
      .describe('Private or loopback hosts, addresses and networks to permit. Default: public addresses only'),
  })
  .superRefine(({ url, kind, secret, secretFile }, context) => {
    const refuse = (key: string, input: string | undefined, message: string) =>
      context.addIssue({ code: 'custom', path: [key], input, message })
    if (!isLoginReadable(url)) refuse('url', url, 'allowed: a "%" of user or password as "%25"')
    if (kind !== 'signed') {
      if (secret !== undefined) refuse('secret', secret, 'allowed: with kind signed only')
      if (secretFile !== undefined) refuse('secretFile', secretFile, 'allowed: with kind signed only')
      return
    }
    if ((secret === undefined) === (secretFile === undefined)) {
      refuse('secret', secret, `allowed: ${SECRET_RULE}; or a secretFile that holds it, and not both`)
    }
  })

export type Webhook = z.infer<typeof webhookSchema>
