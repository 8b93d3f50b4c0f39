import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Infrastructure, InfrastructureUnavailable, launchInfrastructure } from '@outflow/launcher'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { aCertificate, type Certified } from './certificates.js'
import { documentWith } from './config-with.js'
import { aFolder } from './infrastructure.js'
import { withClient } from './postgres-client.js'
import { startTokenEndpoint, type TokenEndpoint } from './token-endpoint.js'

/** Unique texts: if an output contains one, a secret has leaked. */
export const SECRETS = {
  plain: 'pl4in-Geheimnis-7f3a',
  scram256: 'scr4m256-Geheimnis-9b1c',
  scram512: 'scr4m512-Geheimnis-2d8e',
  client: 'cl1ent-Geheimnis-5a6b',
  database: 'd4tabase-Geheimnis-c0de',
} as const

/** Kafka with a listener per authentication method, Postgres with TLS, and the files for connections to them. */
export interface Secured {
  readonly infrastructure: Infrastructure
  readonly listeners: Readonly<Record<'PLAINTEXT' | 'TLS' | 'MTLS' | 'EXPIRED' | 'LOGIN' | 'OTHER', string>>
  readonly tokens: TokenEndpoint
  /** Files by name: `ca.pem`, `client.pem`, `client.key` and so on. */
  readonly folder: string
  /** The database URL of the role `secured`, without its password, which is {@link SECRETS}.database. */
  readonly databaseUrl: string
  stop(): Promise<void>
}

/**
 * Starts the servers before the tests of a file; where they cannot be started, the tests are skipped.
 *
 * @param what  what the tests need them for
 * @returns object that has its properties from the first test on
 */
export function useSecured(what: string): Secured {
  const secured: Partial<Secured> = {}
  let lacking: string | null = null
  beforeAll(async () => {
    try {
      Object.assign(secured, await startSecured())
    } catch (error: unknown) {
      if (!(error instanceof InfrastructureUnavailable)) throw error
      lacking = error.message
    }
  })
  beforeEach(({ skip }) => skip(lacking !== null, `${what} are those of the embedded servers: ${lacking}`))
  afterAll(() => secured.stop?.())
  return secured as Secured
}

async function startSecured(): Promise<Secured> {
  const folder = await aFolder()
  const write = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const ca = aCertificate({ name: 'the CA' })
  const otherCa = aCertificate({ name: 'another CA' })
  const server = aCertificate({ name: 'server', issuer: ca, addresses: ['127.0.0.1'] })
  const expired = aCertificate({ name: 'server', issuer: ca, addresses: ['127.0.0.1'], days: -1 })
  const client = aCertificate({ name: 'certified', issuer: ca })
  await write('ca.pem', ca.certificate)
  await write('other-ca.pem', otherCa.certificate)
  await writePair(write, 'client', client)
  await writePair(write, 'stranger', aCertificate({ name: 'certified', issuer: otherCa }))
  await writePair(write, 'expired', aCertificate({ name: 'certified', issuer: ca, days: -1 }))
  for (const [name, secret] of Object.entries(SECRETS)) await write(`${name}.secret`, `${secret}\n`)

  const keystore = async (name: string, { key, certificate }: Certified) => write(name, `${key}${certificate}`)
  const good = { 'ssl.keystore.type': 'PEM', 'ssl.keystore.location': await keystore('good.keystore', server) }
  const trust = { 'ssl.truststore.type': 'PEM', 'ssl.truststore.location': join(folder, 'ca.pem') }
  const old = { ...good, 'ssl.keystore.location': await keystore('old.keystore', expired) }
  const infrastructure = await launchInfrastructure({
    security: {
      listeners: { TLS: 'SSL', MTLS: 'SSL', EXPIRED: 'SSL', LOGIN: 'SASL_SSL', OTHER: 'SASL_SSL' },
      settings: {
        ...ofListener('tls', good),
        ...ofListener('mtls', { ...good, ...trust, 'ssl.client.auth': 'required' }),
        ...ofListener('expired', old),
        ...ofListener('login', { ...good, ...LOGINS }),
        ...ofListener('other', { ...good, ...LOGINS, 'sasl.enabled.mechanisms': 'PLAIN' }),
        ...AUTHORISED,
      },
      scramUsers: [
        `SCRAM-SHA-256=[name=clerk256,password=${SECRETS.scram256}]`,
        `SCRAM-SHA-512=[name=clerk512,password=${SECRETS.scram512}]`,
        `SCRAM-SHA-512=[name=limited,password=${SECRETS.scram512}]`,
      ],
    },
  })
  const tokens = await startTokenEndpoint({ clientId: 'outflow-client', clientSecret: SECRETS.client, lifeS: 3_600 })
  return {
    infrastructure,
    listeners: {
      ...infrastructure.kafka.listeners,
      PLAINTEXT: infrastructure.kafka.brokers[0],
    } as Secured['listeners'],
    tokens,
    folder,
    databaseUrl: await securePostgres(infrastructure.postgres.url, server, ca),
    stop: async () => {
      await tokens.close()
      await infrastructure.stop()
    },
  }
}

async function writePair(write: (name: string, text: string) => Promise<string>, name: string, pair: Certified) {
  await write(`${name}.pem`, pair.certificate)
  await write(`${name}.key`, pair.key)
}

const MODULES = 'org.apache.kafka.common.security'
const LOGINS = {
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
  'plain.sasl.jaas.config': `${MODULES}.plain.PlainLoginModule required user_clerk="${SECRETS.plain}";`,
  'scram-sha-256.sasl.jaas.config': `${MODULES}.scram.ScramLoginModule required;`,
  'scram-sha-512.sasl.jaas.config': `${MODULES}.scram.ScramLoginModule required;`,
  'oauthbearer.sasl.jaas.config': `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
}

/** Only the user `limited` needs permissions. */
const AUTHORISED = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': ['ANONYMOUS', 'clerk', 'clerk256', 'clerk512', 'outflow-client']
    .map((user) => `User:${user}`)
    .join(';'),
}

function ofListener(name: string, settings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [`listener.name.${name}.${key}`, value]))
}

/** Creates the roles and turns TLS on. Postgres writes the files itself, so that it owns them. */
async function securePostgres(adminUrl: string, server: Certified, clientCa: Certified): Promise<string> {
  await withClient(adminUrl, async (admin) => {
    await admin.query(`create role secured superuser login password '${SECRETS.database}'`)
    await admin.query('create role certified superuser login')
    const { rows } = await admin.query(
      `select current_setting('data_directory') as data, pg_read_file('pg_hba.conf') as rules`,
    )
    const write = async (name: string, text: string) => {
      const lines = `select unnest(string_to_array('${text.replaceAll("'", "''")}', e'\\n'))`
      await admin.query(`copy (${lines}) to program 'umask 077; cat > "${rows[0].data}/${name}"'`)
    }
    await write('server.crt', server.certificate)
    await write('server.key', server.key)
    await write('client-ca.crt', clientCa.certificate)
    await write('pg_hba.conf', `hostssl all certified all cert\nhostnossl all secured all reject\n${rows[0].rules}`)
    await admin.query(`alter system set ssl_ca_file = 'client-ca.crt'`)
    await admin.query('alter system set ssl = on')
    await admin.query('select pg_reload_conf()')
  })
  const url = new URL(adminUrl)
  url.username = 'secured'
  url.password = ''
  return url.href
}

let files = 0

/** Writes outflow.yaml into the folder of the certificates, so that file names suffice. */
export async function aSecuredConfig(
  { folder, infrastructure }: Secured,
  parts: { readonly kafka?: object; readonly postgres?: object },
): Promise<string> {
  files += 1
  const path = join(folder, `outflow-${files}.yaml`)
  const document = documentWith({
    kafka: { brokers: infrastructure.kafka.brokers, ...parts.kafka },
    postgres: { url: infrastructure.postgres.url, ...parts.postgres },
  })
  await writeFile(path, JSON.stringify(document))
  return path
}

/** Searches for each secret as it is, in hex and in base64, in an error with its causes or in a text. */
export function expectNoSecret(reported: unknown): void {
  let text = typeof reported === 'string' ? reported : ''
  for (let error = reported; error instanceof Error; error = error.cause) {
    text += `${error.stack} ${JSON.stringify(error)} ${'input' in error ? error.input : ''}`
  }
  expect(text).not.toBe('')
  for (const secret of Object.values(SECRETS)) {
    for (const form of ['utf8', 'hex', 'base64url'] as const) {
      // The end of a base64 text depends on the bytes after it.
      expect(text).not.toContain(
        Buffer.from(secret)
          .toString(form)
          .slice(0, form === 'base64url' ? -2 : undefined),
      )
    }
  }
}
