import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import type { KafkaTls, Sasl } from '@outflow/contracts'
import type { SASLOptions } from 'kafkajs'
import { makeTokenSource } from './token-source.js'

/** Options of Node's TLS from the files; the server's certificate is always verified. */
export function tlsOptions({ caFile, certFile, keyFile, serverName }: KafkaTls): ConnectionOptions {
  return {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
    ...(serverName !== undefined && { servername: serverName }),
  }
}

/** The login as kafkajs takes it. A token is requested when a connection needs one, and shared until it is renewed. */
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
