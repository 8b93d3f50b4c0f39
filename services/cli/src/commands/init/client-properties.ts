import { getProperties } from 'properties-file'
import { UsageError } from '../../errors.js'

/**
 * Translates the properties file of a Kafka client, with property names of the Java client or of librdkafka, into the connection as
 * outflow.yaml states it. The document has the names of environment variables in place of secrets.
 *
 * @param path  name of the file in error messages
 * @throws {UsageError} with the property that outflow cannot use, and the fix
 */
export function connectionOfProperties(text: string, path: string) {
  const properties = getProperties(text)
  const get = (...names: readonly string[]) => names.map((name) => properties[name]?.trim()).find(Boolean)
  const refuse = (name: string, problem: string): never => {
    throw new UsageError(`${path}: ${name}: ${problem}`)
  }
  /** By the name of the environment variable. */
  const secrets: Record<string, string> = {}
  const secret = (name: string, value: string) => {
    secrets[name] = value
    return `\${${name}}`
  }
  const brokers = get('bootstrap.servers', 'metadata.broker.list')
  const protocol = (get('security.protocol') ?? 'PLAINTEXT').toUpperCase()
  if (!PROTOCOLS.includes(protocol)) refuse('security.protocol', `found ${protocol}; allowed: ${PROTOCOLS.join(', ')}`)
  return {
    document: {
      kafka: {
        ...(brokers !== undefined && { brokers }),
        ...(protocol.endsWith('SSL') && { tls: tlsOf(get, refuse) }),
        ...(protocol.startsWith('SASL') && { sasl: saslOf(get, secret, refuse) }),
      },
      ...registryOf(get, secret),
    },
    secrets,
  }
}

type Get = (...names: readonly string[]) => string | undefined
type Secret = (name: string, value: string) => string
type Refuse = (name: string, problem: string) => never

const PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

function tlsOf(get: Get, refuse: Refuse): true | Readonly<Record<string, string>> {
  for (const store of ['truststore', 'keystore']) {
    const location = get(`ssl.${store}.location`)
    const kind = get(`ssl.${store}.type`) ?? 'JKS'
    if (location === undefined || kind.toUpperCase() === 'PEM') continue
    refuse(
      `ssl.${store}.location`,
      `${kind} cannot be read; convert it to PEM, for instance with keytool and openssl, and set ssl.${store}.type=PEM`,
    )
  }
  for (const name of ['ssl.truststore.certificates', 'ssl.keystore.certificate.chain', 'ssl.keystore.key']) {
    if (get(name) !== undefined) refuse(name, 'write the PEM text to a file, and name it by a location')
  }
  for (const name of ['ssl.key.password', 'ssl.keystore.password']) {
    if (get(name) !== undefined && get('ssl.keystore.location', 'ssl.key.location') !== undefined) {
      refuse(name, 'a key with a passphrase cannot be read; decrypt it with openssl pkey')
    }
  }
  const caFile = get('ssl.truststore.location', 'ssl.ca.location')
  const certFile = get('ssl.keystore.location', 'ssl.certificate.location')
  // A PEM keystore contains the key and its certificates.
  const keyFile = get('ssl.keystore.location', 'ssl.key.location')
  const files = { ...(caFile && { caFile }), ...(certFile && { certFile }), ...(keyFile && { keyFile }) }
  return Object.keys(files).length === 0 ? true : files
}

function saslOf(get: Get, secret: Secret, refuse: Refuse): Readonly<Record<string, string>> {
  const mechanism = get('sasl.mechanism', 'sasl.mechanisms') ?? 'GSSAPI'
  const jaas = jaasOptions(get('sasl.jaas.config') ?? '')
  const option = (name: string, ...properties: readonly string[]) =>
    jaas[name] ?? get(...properties) ?? refuse('sasl.jaas.config', `it has no ${name}`)
  switch (mechanism.toUpperCase()) {
    case 'PLAIN':
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return {
        mechanism: mechanism.toLowerCase(),
        username: option('username', 'sasl.username'),
        password: secret('KAFKA_PASSWORD', option('password', 'sasl.password')),
      }
    case 'OAUTHBEARER': {
      const scope = jaas.scope ?? get('sasl.oauthbearer.scope')
      return {
        mechanism: 'oauthbearer',
        tokenEndpoint:
          get('sasl.oauthbearer.token.endpoint.url') ?? refuse('sasl.oauthbearer.token.endpoint.url', 'it is missing'),
        clientId: option('clientId', 'sasl.oauthbearer.client.id'),
        clientSecret: secret('KAFKA_CLIENT_SECRET', option('clientSecret', 'sasl.oauthbearer.client.secret')),
        ...(scope !== undefined && { scope }),
      }
    }
    default:
      return refuse('sasl.mechanism', `found ${mechanism}; allowed: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER`)
  }
}

/** `name="value"` pairs of a JAAS entry. */
function jaasOptions(entry: string): Readonly<Record<string, string>> {
  const pairs = entry.matchAll(/([A-Za-z.]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s;"']+))/g)
  return Object.fromEntries(
    Array.from(pairs, ([, name, quoted, single, bare]) => [
      name!,
      quoted?.replaceAll(/\\(.)/g, '$1') ?? single ?? bare!,
    ]),
  )
}

function registryOf(get: Get, secret: Secret) {
  // A list names the instances of one registry.
  const url = get('schema.registry.url')?.split(',')[0]?.trim()
  if (url === undefined) return {}
  const login = get('basic.auth.user.info', 'schema.registry.basic.auth.user.info')
  const colon = login?.indexOf(':') ?? -1
  if (login === undefined || colon < 0) return { source: { registry: { url } } }
  const password = secret('SCHEMA_REGISTRY_PASSWORD', login.slice(colon + 1))
  return { source: { registry: { url, username: login.slice(0, colon), password } } }
}
