import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { KafkaTls, Sasl } from '@outflow/contracts'
import type { SASLOptions } from 'kafkajs'
import { makeTokenSource } from './token-source.js'

/** What Node's TLS wants of the files; a server is held to its certificate in any case. */
export function tlsOptions({ caFile, certFile, keyFile, serverName }: KafkaTls): ConnectionOptions {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    ...(serverName !== undefined && { servername: serverName }),
  }
}

/** What kafkajs wants for the login. Tokens are asked for when a connection needs one, and shared until they age. */
export function saslOptions(sasl: Sasl): SASLOptions {
  if (sasl.mechanism === 'oauthbearer') {
    const { clientSecret, clientSecretFile, ...client } = sasl
    const token = makeTokenSource({ ...client, secret: () => secretOf(clientSecret, clientSecretFile) })
    return { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: await token() }) }
  }
  const { mechanism, username } = sasl
  return { mechanism, username, password: secretOf(sasl.password, sasl.passwordFile) } as SASLOptions
}

/** outflow.yaml has the one or the other. */
function secretOf(secret: string | undefined, file: string | undefined): string {
  return secret ?? readFileSync(file!, 'utf8').replace(/\r?\n$/, '')
}
