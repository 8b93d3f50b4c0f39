import { z } from 'zod'

export const filePath = (what: string) =>
  z.string().min(1).describe(`${what}; relative to the folder of the configuration`)
const secret = (what: string) => z.string().min(1).describe(`${what}; prefer ${'${NAME}'} to the secret itself`)

/** A client certificate requires its key. The certificate of the server is always verified. */
const certificateFiles = z.strictObject({
  caFile: filePath('PEM file of trusted CAs. Default: the CAs that Node trusts').optional(),
  certFile: filePath('PEM file of the client certificate and its chain').optional(),
  keyFile: filePath("PEM file of the client certificate's key, without a passphrase").optional(),
})

type CertificateFiles = z.infer<typeof certificateFiles>

/** `tls: true` is the same as `tls: {}`: TLS with the CAs that Node trusts. */
const orBoolean = <T extends z.ZodType<CertificateFiles>>(files: T) =>
  z
    .union([z.boolean(), files], 'allowed: true, false, or an object such as { caFile: ca.pem }')
    .transform((tls): z.output<T> | undefined => (typeof tls !== 'boolean' ? tls : tls ? files.parse({}) : undefined))

function bothOrNone(tls: CertificateFiles, context: z.RefinementCtx): void {
  if ((tls.certFile === undefined) === (tls.keyFile === undefined)) return
  context.addIssue({ code: 'custom', message: 'allowed: certFile and keyFile, both or none' })
}

function exactlyOne(...names: readonly [string, string]) {
  return (login: Readonly<Record<string, unknown>>, context: z.RefinementCtx): void => {
    const given = names.filter((name) => login[name] !== undefined)
    if (given.length === 1) return
    context.addIssue({
      code: 'custom',
      message: `allowed: either ${names.join(' or ')}, and ${given.length === 0 ? 'one of them' : 'not both'}`,
    })
  }
}

export const kafkaTlsSchema = orBoolean(
  certificateFiles
    .extend({
      serverName: z.string().min(1).optional().describe("The name in the brokers' certificates; default: their host"),
    })
    .superRefine(bothOrNone),
)

export const postgresTlsSchema = orBoolean(certificateFiles.superRefine(bothOrNone))

export const saslSchema = z.discriminatedUnion('mechanism', [
  z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1).describe('User name'),
      password: secret('The password').optional(),
      passwordFile: filePath('File with the password; a trailing line break is ignored').optional(),
    })
    .superRefine(exactlyOne('password', 'passwordFile')),
  z
    .strictObject({
      mechanism: z.literal('oauthbearer'),
      tokenEndpoint: z
        .url({ protocol: /^https?$/ })
        .refine((url) => !url.includes('@'), 'allowed: a URL without a login in it')
        .describe('OAuth 2 token endpoint, for client credentials'),
      clientId: z.string().min(1).describe('OAuth client id'),
      clientSecret: secret("The client's secret").optional(),
      clientSecretFile: filePath('File with the client secret, read for each token').optional(),
      scope: z.string().min(1).optional().describe('OAuth scopes, separated by spaces'),
    })
    .superRefine(exactlyOne('clientSecret', 'clientSecretFile')),
])

export type KafkaTls = NonNullable<z.infer<typeof kafkaTlsSchema>>
export type PostgresTls = NonNullable<z.infer<typeof postgresTlsSchema>>
export type Sasl = z.infer<typeof saslSchema>
